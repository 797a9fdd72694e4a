import { assert, assertEquals } from "@std/assert";
import {
  blob,
  type CheckpointPlan,
  epochs,
  type Job,
  job,
  keepLast,
  type Step,
  task,
} from "../../../dsl/mod.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import type { Observer } from "../../../runtime/events.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { openStore } from "../../../storage/mod.ts";
import { BLOCK_BYTES } from "../../../storage/manifest.ts";

const BLOCKS = 8;
const WHOLE = BLOCKS * BLOCK_BYTES;
const weights = blob<Uint8Array>("weights");
const table = blob<Map<string, Uint8Array>>("table");

const start = task("start", { writes: { weights, table } }).run(() => ({
  weights: new Uint8Array(WHOLE),
  table: new Map([["a", new Uint8Array(2 * BLOCK_BYTES)], ["b", new Uint8Array(BLOCK_BYTES)]]),
}));
/** Changes one block of each; every third epoch, none at all. */
const touch = task("touch", { updates: { weights, table } }).run(
  ({ weights, table }, { epoch }) => {
    if (epoch % 3 === 0) return;
    weights[(epoch % BLOCKS) * BLOCK_BYTES + epoch] = epoch;
    const last = table.get("b");
    if (last !== undefined) last[last.length - 1] = epoch;
  },
);

function makeJob(
  count: number,
  plan: Partial<CheckpointPlan> = {},
  epoch: readonly Step[] = [touch],
): Job {
  return job("blocks", {
    init: [start],
    epoch,
    until: epochs(count),
    checkpoint: { to: "memory:unused", ...plan },
  });
}

/** Runs it, and gives the bytes of blobs that each save wrote, by epoch. */
async function run(
  job: Job,
  to: string,
  options: JobRunnerOptions = {},
): Promise<{ readonly saved: Map<number, number>; readonly weights: Uint8Array }> {
  const saved = new Map<number, number>();
  const onEvent: Observer = (event) => {
    if (event.type === "save-committed" && event.phase !== "exit") {
      saved.set(event.epoch, event.bytes);
    }
  };
  await using session = new LocalSession({ onEvent });
  await new JobRunner(job, { to, ...options }).run(session);
  return { saved, weights: (await session.fetch(weights)).slice() };
}

Deno.test("a save writes the blocks that changed, and nothing else", async () => {
  const { saved } = await run(makeJob(6), `memory:${crypto.randomUUID()}`);
  const [first, ...others] = [...saved.values()];
  assert((first ?? 0) > WHOLE);
  for (const [index, bytes] of others.entries()) {
    // The Map is one CBOR item: its last block holds the end of its last array.
    const expected = (index + 1) % 3 === 0 ? 0 : 2 * BLOCK_BYTES;
    assert(bytes <= expected, `epoch ${index + 1} wrote ${bytes} bytes`);
    assertEquals(bytes > 0, expected > 0);
  }
});

Deno.test("the first save after a resume writes the blocks that changed", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(makeJob(6), to, { stopAfterEpoch: 3 });
  const { saved, weights } = await run(makeJob(6), to, { resumeFromEpoch: "latest" });
  assert((saved.get(4) ?? WHOLE) <= 2 * BLOCK_BYTES);
  assertEquals(weights, (await run(makeJob(6), `memory:${crypto.randomUUID()}`)).weights);
});

Deno.test("what of the last checkpoint cannot be read is written anew", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(makeJob(6), to, { stopAfterEpoch: 3 });
  // Between the load and the first save the packs are lost.
  const lose = task("lose", {}).run(async (_, { epoch }) => {
    const store = openStore(`${to}/blocks`);
    if (epoch === 4) await store.remove(await store.list("packs/a000001/"));
  });
  const { saved } = await run(makeJob(6, {}, [lose, touch]), to, {
    ...{ resumeFromEpoch: "latest", allowChange: true },
  });
  assert((saved.get(4) ?? 0) > WHOLE);
  assert((saved.get(5) ?? WHOLE) <= 2 * BLOCK_BYTES);
  const again = await run(makeJob(7), to, { resumeFromEpoch: 4, allowChange: true });
  assertEquals(again.weights, (await run(makeJob(7), `memory:${crypto.randomUUID()}`)).weights);
});

Deno.test('with snapshot "none" each blob that may have changed is saved whole', async () => {
  const { saved } = await run(
    makeJob(3, { snapshot: "none" }),
    `memory:${crypto.randomUUID()}`,
  );
  for (const bytes of saved.values()) assert(bytes > WHOLE, `${bytes}`);
});

Deno.test("under keep, packs that are mostly empty go", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(makeJob(60, { keep: [keepLast(2)] }), to);
  const store = openStore(`${to}/blocks`);
  let bytes = 0;
  for (const folder of await store.list("packs/")) {
    for (const pack of await store.list(`${folder}/`)) {
      bytes += (await store.stat(pack))?.byteLength ?? 0;
    }
  }
  const live = WHOLE + 3 * BLOCK_BYTES;
  assert(bytes >= live && bytes <= 2 * live, `${bytes / live}`);
});

Deno.test("what a killed save left is removed by the next run", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(makeJob(6), to, { stopAfterEpoch: 3 });
  const store = openStore(`${to}/blocks`);
  const left = `packs/a000001/e000004.main.${"0".repeat(32)}.pack`;
  await store.write(left, [new Uint8Array(100)]);
  await run(makeJob(6), to, { resumeFromEpoch: "latest" });
  assertEquals(await store.stat(left), undefined);
  assertEquals(
    (await run(makeJob(7), to, { resumeFromEpoch: "latest" })).weights,
    (await run(makeJob(7), `memory:${crypto.randomUUID()}`)).weights,
  );
});
