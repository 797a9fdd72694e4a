import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DamagedError } from "../../storage/errors.ts";
import { type JobParts, makeDescription } from "../../storage/job_description.ts";
import { type AttemptRecord, decodeAttempt, encodeAttempt } from "../../storage/job_record.ts";
import { decodeRecord, type RecordMap } from "../../storage/record_cbor.ts";
import { encodeRecord } from "../../storage/record_writer.ts";
import { seal, unseal } from "../../storage/seal.ts";

const RECORD: AttemptRecord = {
  ...{ seed: 1, params: { rate: 0.1 }, createdAtMs: 5 },
  environment: { deno: "2", arch: "x", tidemark: "0" },
};

function described(parts: JobParts): AttemptRecord {
  return { ...RECORD, description: makeDescription(parts) };
}

const names = fc.string({ maxLength: 12 }).filter((name) => name !== "__proto__");
const anyParts: fc.Arbitrary<JobParts> = fc.dictionary(
  names,
  fc.dictionary(names, fc.dictionary(names, fc.string())),
);

Deno.test("property: an attempt's description comes back, and its sum does not depend on order", () => {
  fc.assert(fc.property(anyParts, (parts) => {
    const read = decodeAttempt(3, encodeAttempt(3, described(parts)));
    assertEquals(JSON.stringify(sorted(read)), JSON.stringify(sorted(described(parts))));
    assertEquals(makeDescription(sorted(parts) as JobParts), makeDescription(parts));
  }));
});

Deno.test("the sums of two descriptions differ where a text does", () => {
  const sumOf = (text: string): string =>
    makeDescription({ tasks: { add: { code: text } } }).sha256;
  assert(sumOf("1") !== sumOf("2"));
});

Deno.test("a description that is too large is kept as its sum alone", () => {
  const large = makeDescription({ tasks: { a: { code: "x".repeat(5 * 1024 * 1024) } } });
  assertEquals(large.parts, undefined);
  const read = decodeAttempt(1, encodeAttempt(1, { ...RECORD, description: large }));
  assertEquals(read.description, large);
});

Deno.test("a record without a description has none, and one that is none is damage", () => {
  const bytes = encodeAttempt(1, RECORD);
  assertEquals(decodeAttempt(1, bytes), RECORD);
  const body = unseal("attempt", "attempts/000001.cbor", bytes);
  for (
    const wrong of [
      "text",
      new Map([["sha256", new Uint8Array(31)]]),
      new Map<string, Uint8Array | RecordMap>([
        ["sha256", new Uint8Array(32)],
        ["parts", new Map([["tasks", new Map([["add", "no map"]])]])],
      ]),
    ]
  ) {
    const spoilt = new Map([...body, ["description", decodeRecord(encodeRecord(wrong))] as const]);
    assertThrows(() => decodeAttempt(1, seal("attempt", spoilt)), DamagedError);
  }
});

/** A copy with all keys in order. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
