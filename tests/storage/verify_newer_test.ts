// What a newer Tidemark has written is not taken for damage.
import { change, verify } from "./damaging.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { verifyText } from "../../runtime/cli/verify.ts";
import { CheckpointStore, formatRef } from "../../storage/mod.ts";
import { manifestName } from "../../storage/layout.ts";
import { newerVersion } from "../e2e/spoil.ts";
import { gate, HEAD } from "./logs.ts";
import { begin, noise, save, testBoth, value } from "./sample.ts";

testBoth("verify: a newer format version is no damage, and is told apart", async ({ store }) => {
  const attempt = await begin(await CheckpointStore.open(store));
  const names: string[] = [];
  for (const epoch of [0, 1, 2]) {
    names.push(manifestName(await save(attempt, epoch, { main: { large: value(noise(9000)) } })));
  }
  const [first = "", second = "", third = ""] = names;
  await change(store, third, newerVersion);
  await change(store, "attempts/000001.cbor", newerVersion);
  const report = await verify(store, true);
  assertEquals(report.newer, [
    { object: "attempts/000001.cbor", version: 2 },
    { object: third, version: 2 },
  ]);
  assertEquals([report.damaged, report.bad], [[], []]);
  assertEquals(report.good.map(formatRef), ["0@a1", "1@a1"]);
  // Whatever it names, nothing of that may go.
  assertEquals([report.garbage, report.doubtful.length], [[], 1]);
  const text = verifyText(report, { full: true });
  assertStringIncludes(text, "2 states good, 0 damaged, 1 of a newer format version (");
  assertStringIncludes(text, `  ${third}: version 2\n`);
  assertStringIncludes(text, "that is no damage: use the Tidemark that wrote it, or a newer one; ");
  assertStringIncludes(text, "1 pack left alone, which a manifest of a newer format version may");
  assertEquals(text.includes("goes back to the nearest"), false);

  await change(store, second, (bytes) => bytes.slice(1));
  const mixed = await verify(store, false);
  assertEquals([mixed.bad.map(formatRef), mixed.good.map(formatRef)], [["1@a1"], ["0@a1"]]);
  assertEquals(mixed.newer.length, 2);
  assertStringIncludes(verifyText(mixed, { full: false }), "is refused where that is of a newer");
  await change(store, first, newerVersion);
  const none = verifyText(await verify(store, false), { full: false });
  assertStringIncludes(none, "0 states good, 1 damaged, 2 of a newer format version (");
});

testBoth("verify: what led to a state of a newer version is not left over", async ({ store }) => {
  const attempt = await begin(await CheckpointStore.open(store));
  const { epoch } = await save(attempt, 0);
  const log = attempt.beginLog({ ...HEAD, after: { epoch, attempt: 1, phase: "epoch" } });
  await log.append([gate("a")]);
  log.close();
  const name = manifestName(await save(attempt, 1));
  assertEquals((await verify(store, false)).logs.length, 1);
  await change(store, name, newerVersion);
  const report = await verify(store, false);
  // What a resume from the epoch before would go on with.
  assertEquals([report.newer.length, report.logs], [1, []]);
});
