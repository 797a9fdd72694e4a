// What of task logs is gone is told where what is left of them tells so; and never where nothing is lost.
import { assert, assertEquals } from "@std/assert";
import {
  CheckpointStore,
  encodeValue,
  type EntryToLog,
  FileStore,
  manifestName,
  type ManifestRef,
  readLoggedWork,
  type Store,
  verifyStore,
} from "../../storage/mod.ts";
import { begin, gate, HEAD, inBoth, site } from "./logs.ts";

const large = (id: string): EntryToLog => ({
  ...{ kind: "task", ...site, id, code: "c0de", cursors: [] },
  outputs: { large: { encoded: encodeValue(new Float64Array(100_000)), codec: false } },
});

/** What is told of lost logs, by a resume and by a look at all. */
async function told(store: Store, after?: ManifestRef): Promise<readonly string[]> {
  const work = await readLoggedWork(store, after, Infinity);
  const { damaged } = await verifyStore(await CheckpointStore.open(store));
  const objects = (work?.damaged ?? []).map((error) => (error as { object?: string }).object ?? "");
  assertEquals(damaged.map(({ object }) => object), objects);
  return objects;
}

Deno.test("a log that is gone, or has lost its end, is told of where its packs say so", async () => {
  await inBoth(async (store, again) => {
    const attempt = await begin(store);
    await attempt.recordParent(undefined);
    const log = attempt.beginLog({ ...HEAD, after: undefined });
    await log.append([large("a")]);
    await log.append([gate("b")]);
    await log.append([large("c")]);
    log.close();
    const names = await store.list("tasks/");
    const logs = names.filter((name) => name.endsWith(".log"));
    const [, last = ""] = names.filter((name) => name.endsWith(".pack"));
    const whole = await Promise.all(logs.map((name) => store.get(name)));
    assertEquals(await told(again()), []);
    // A kill leaves a pack that nothing names yet; but not two.
    const bytes = await store.get(last);
    await store.put(last.replace("000002.pack", "000003.pack"), bytes);
    assertEquals(await told(again()), []);
    await store.remove(logs);
    await store.put(logs[0] ?? "", whole[0]?.subarray(0, -1) ?? new Uint8Array());
    assertEquals((await told(again())).length, 1);
    await store.remove(logs);
    assertEquals((await told(again())).length, 1);
    await store.remove(names.filter((name) => name.endsWith("000001.pack")));
    assertEquals((await told(again())).length, 1);
    await store.remove([last, last.replace("000002.pack", "000003.pack")]);
    assertEquals(await told(again()), []);
  });
});

Deno.test("the log with which an attempt began is missed where a later one of it is there", async () => {
  await inBoth(async (store, again) => {
    const attempt = await begin(store);
    await attempt.recordParent(undefined);
    const first = attempt.beginLog({ ...HEAD, after: undefined });
    await first.append([gate("a")]);
    first.close();
    const taken = { epoch: 0, attempt: attempt.number, phase: "epoch" } as const;
    const second = attempt.beginLog({ ...HEAD, after: taken });
    await second.append([gate("b")]);
    second.close();
    assertEquals(await told(again()), []);
    const logs = await store.list("tasks/");
    const own = logs.filter((name) => name.includes(".start."));
    await store.remove(own);
    assertEquals(await told(again()), ["tasks/a000001.start.000001.log"]);
    // Another attempt that began elsewhere has left nothing out.
    await store.remove(["attempts/000001.parent.cbor"]);
    assertEquals(await told(again()), []);
  });
});

Deno.test("what a saved state has made useless is not missed, also behind that state", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const store = new FileStore(folder);
    const attempt = await begin(store);
    await attempt.recordParent(undefined);
    const state = (epoch: number): ManifestRef => ({
      ...{ epoch, attempt: attempt.number, phase: "epoch" },
    });
    const run = {
      ...{ seed: 3, branch: 1, params: {}, elapsedMs: 0, conditions: {}, cursors: {}, stamps: {} },
      environment: { deno: "2", arch: "x86_64", tidemark: "0.1.0" },
    };
    for (const epoch of [0, 1]) {
      const parent = epoch === 0 ? undefined : state(0);
      await attempt.save({ epoch, phase: "epoch", parent, run, metrics: {}, nodes: {} });
    }
    const log = attempt.beginLog({ ...HEAD, after: state(1) });
    await log.append([gate("b")]);
    log.close();
    assertEquals((await readLoggedWork(store, state(0), Infinity))?.damaged ?? [], []);
    // Where the newest state itself is gone, what led to it is as well.
    await store.remove([manifestName(state(1))]);
    assert((await told(store, state(0))).length === 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
