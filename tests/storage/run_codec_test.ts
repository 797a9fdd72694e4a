import { assertEquals, assertThrows } from "@std/assert";
import { DamagedError } from "../../storage/mod.ts";
import { Fields } from "../../storage/fields.ts";
import type { RecordValue } from "../../storage/record_cbor.ts";
import { encodeRun, parseRun } from "../../storage/run_codec.ts";
import { RUN } from "./sample.ts";

Deno.test("run: which migrations a state has gone through is said, said to be unknown, or not said", () => {
  const { migrated: _, ...bare } = RUN;
  for (const run of [bare, { ...bare, migrated: null }, { ...bare, migrated: [] }, RUN]) {
    assertEquals(parseRun(new Fields("x", "run", encodeRun(run))), run);
  }
});

Deno.test("run: migrations that are none are damage", () => {
  const wrong: readonly RecordValue[] = [
    ...[7, "split", new Map(), [7], [null], [["split"]]],
    Array.from({ length: 10_001 }, () => "split"),
  ];
  for (const migrated of wrong) {
    const record = new Map([...encodeRun(RUN), ["migrated", migrated] as const]);
    assertThrows(() => parseRun(new Fields("x", "run", record)), DamagedError, "migrated");
  }
});
