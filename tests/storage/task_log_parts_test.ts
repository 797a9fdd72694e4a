// What of task logs is read, and what of their heads is refused.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  CheckpointStore,
  DamagedError,
  encodeValue,
  type EntryToLog,
  MemoryStore,
  readLoggedWork,
  readOwnEntries,
  type Store,
  verifyStore,
} from "../../storage/mod.ts";
import { encodeHead, joinBytes, type RecordValue } from "../../storage/record_cbor.ts";
import { seal } from "../../storage/seal.ts";
import { begin, gate, HEAD, inBoth, site } from "./logs.ts";
import { overriding } from "./sample.ts";

Deno.test("task log: migrations that are none are damage, which is told, and nothing of it counts", async () => {
  const good: RecordValue = [["rename", "c0de"]];
  const wrong: readonly RecordValue[] = [
    ...[7, "rename", null, new Map(), [7], ["rename"], [["rename"]], [["rename", 7]], [[
      7,
      "c0de",
    ]]],
    [["rename", "c".repeat(65)]],
    Array.from({ length: 10_001 }, () => ["rename", "c0de"]),
  ];
  for (const migrated of [good, ...wrong]) {
    const store = new MemoryStore();
    await begin(store);
    const head = seal(
      "log",
      new Map<string, RecordValue>([
        ...[["attempt", 1], ["after", null], ["branch", 1], ["seed", 3]] as const,
        ...[["params", new Map()], ["sources", []], ["migrated", migrated]] as const,
      ]),
    );
    const log = joinBytes([encodeHead(2, head.byteLength), head]);
    await store.put("tasks/a000001.start.000001.log", log);
    const work = await readLoggedWork(store, undefined, 2);
    if (migrated === good) {
      assertEquals(work?.head?.migrated, [{ name: "rename", code: "c0de" }]);
      continue;
    }
    assertEquals(work?.head, undefined);
    const [damage] = work?.damaged ?? [];
    assertInstanceOf(damage, DamagedError);
    assert(/migrated|array of at most 10000/.test(damage.message), damage.message);
  }
});

Deno.test("task log: whoever looks for an entry reads no more than a part behind which it is", async () => {
  await inBoth(async (store, again) => {
    const attempt = await begin(store);
    await attempt.recordParent(undefined);
    const log = attempt.beginLog({ ...HEAD, after: undefined });
    const time = (key: string): EntryToLog => ({ kind: "time", ...site, key, ms: 1 });
    const value = encodeValue(new Uint8Array(1024 * 1024));
    const [bytes = new Uint8Array()] = value.parts;
    await log.append([time("first")]);
    await log.append([gate("early")]);
    for (let count = 0; count < 5; count++) {
      await log.append([{
        kind: "piece",
        ...site,
        key: `${count}`,
        code: "",
        value: { ...value, bytes },
      }]);
    }
    await log.append([time("last")]);
    log.close();
    const reader = again();
    const found = await readOwnEntries(reader, 1, { until: ({ id }) => id === "early" });
    assertEquals(found.slice(0, 2).map(({ kind }) => kind), ["time", "gate"]);
    assert(reader.bytesRead < 3 * 1024 * 1024, `${reader.bytesRead}`);
    // What is not at the beginning is found all the same.
    const all = await readOwnEntries(again(), 1, {
      until: (entry) => entry.kind === "time" && entry.key === "last",
    });
    assertEquals(all.length, 8);
    assertEquals((await readOwnEntries(again(), 1)).length, 8);
  });
});

Deno.test("task log: one append of very many entries is read", async () => {
  const store = new MemoryStore();
  const attempt = await begin(store);
  await attempt.recordParent(undefined);
  const log = attempt.beginLog({ ...HEAD, after: undefined });
  const count = 150_000;
  await log.append(
    Array.from({ length: count }, (_, at) => ({ kind: "void", ...site, id: `${at}` })),
  );
  log.close();
  const work = await readLoggedWork(store, undefined, 2);
  assertEquals([work?.entries.length, work?.damaged], [count, []]);
});

/** A log in parts: a gate, one that voids it, another gate; and a second log behind it. */
async function inParts(): Promise<Store> {
  const store: Store = Object.assign(new MemoryStore(), { createLog: undefined });
  const attempt = await begin(store);
  await attempt.recordParent(undefined);
  for (const entries of [[gate("a"), { kind: "void", ...site, id: "a" }, gate("b")], [gate("c")]]) {
    const log = attempt.beginLog({ ...HEAD, after: undefined });
    for (const entry of entries as EntryToLog[]) await log.append([entry]);
    log.close();
  }
  return store;
}

const part = (number: string) => `tasks/a000001.start.000001.${number}.log`;

Deno.test("task log: a part that is missing is damage, and nothing behind the gap counts", async () => {
  const good = await readLoggedWork(await inParts(), undefined, 2);
  assertEquals(good?.entries.map(({ id }) => id), ["a", "a", "b", "c"]);
  assertEquals(good?.damaged, []);
  const losses: readonly (readonly [string, string[]])[] = [["000001", []], ["000002", ["a"]]];
  for (const [lost, left] of losses) {
    const store = await inParts();
    await store.remove([part(lost)]);
    const work = await readLoggedWork(store, undefined, 2);
    assertEquals(work?.entries.map(({ id }) => id), left);
    assertEquals(work?.damaged.map((error) => error instanceof DamagedError && error.object), [
      part(lost),
    ]);
    const { damaged } = await verifyStore(await CheckpointStore.open(store));
    assertEquals(damaged.map(({ object }) => object), [part(lost)]);
    assertEquals((await readOwnEntries(store, 1)).map(({ id }) => id), [...left, "c"]);
  }
});

Deno.test("task log: a part that goes while it is read is a gap, and all of them are no log", async () => {
  const losses: readonly (readonly [string, string[] | undefined])[] = [
    ["000002", ["a"]],
    ["000001", undefined],
  ];
  for (const [going, left] of losses) {
    const store = await inParts();
    const others = (await store.list("tasks/")).filter((name) => name > part("000003"));
    await store.remove(others);
    const losing = overriding(store, {
      get: async (name, options) => {
        if (name === part(going)) await store.remove([name]);
        return await store.get(name, options);
      },
    });
    const work = await readLoggedWork(losing, undefined, 2);
    assertEquals(work?.entries.map(({ id }) => id), left);
    assertEquals(work?.damaged.length, left && 1);
  }
});

Deno.test("task log: parts are joined by number, however they are listed", async () => {
  const store = await inParts();
  // By name a part of seven digits comes before those of six.
  const listing = overriding(store, {
    list: async (prefix, options) => (await store.list(prefix, options)).toReversed(),
  });
  const work = await readLoggedWork(listing, undefined, 2);
  assertEquals([work?.damaged, work?.entries.map(({ id }) => id)], [[], ["a", "a", "b", "c"]]);
});
