import { assert, assertEquals, assertLess } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "@std/path";
import fc from "fast-check";
import {
  blob,
  CheckpointManager,
  type CheckpointPlan,
  epochs,
  FileStore,
  job,
  JobRunner,
  type JobRunnerOptions,
  LocalSession,
  task,
} from "tidemark";
import { BLOCK_BYTES } from "../../../storage/manifest.ts";
import { temporaryFolder } from "../../storage/watched_file_system.ts";

/** Larger than what is copied for its first save. */
const BLOCKS = 24;
const weights = blob<Uint8Array>("weights");
const still = blob<Uint8Array>("still");

const start = task("start", { writes: { weights, still } }).run(() => ({
  weights: new Uint8Array(BLOCKS * BLOCK_BYTES),
  still: new Uint8Array(BLOCKS * BLOCK_BYTES).fill(7),
}));
const touch = task("touch", { updates: { weights } }).run(({ weights }, { epoch }) => {
  weights[(epoch % BLOCKS) * BLOCK_BYTES + epoch] = epoch;
});

/** Runs it up to an epoch, and gives the bytes of blobs that each save wrote, and the blob. */
async function run(
  folder: string,
  last: number,
  plan: Partial<CheckpointPlan> = {},
  options: JobRunnerOptions = {},
) {
  const made = job("large", {
    init: [start],
    epoch: [touch],
    until: epochs(last),
    checkpoint: { to: `file:${folder}`, ...plan },
  });
  const saved: [number, number][] = [];
  const store = new FileStore(join(folder, "large"));
  const manager = new CheckpointManager(folder, "file", { store });
  await using session = new LocalSession({
    onEvent: (event) => {
      if (event.type !== "save-committed" || event.phase === "exit") return;
      saved.push([event.epoch, event.bytes]);
    },
  });
  await new JobRunner(made, { checkpoints: manager, ...options }).run(session);
  return { saved, weights: await session.fetch(weights), bytesRead: store.bytesRead };
}

const expected = (last: number): Uint8Array => {
  const values = new Uint8Array(BLOCKS * BLOCK_BYTES);
  for (let epoch = 1; epoch <= last; epoch++) {
    values[(epoch % BLOCKS) * BLOCK_BYTES + epoch] = epoch;
  }
  return values;
};

Deno.test("large blobs: the first save writes all, later ones what changed, also after a resume", async () => {
  await using folder = await temporaryFolder();
  const whole = BLOCKS * BLOCK_BYTES;
  const first = await run(folder.path, 3);
  assertEquals(first.saved, [[0, 2 * whole], [1, BLOCK_BYTES], [2, BLOCK_BYTES], [3, BLOCK_BYTES]]);
  assertEquals(first.weights, expected(3));
  // What no epoch writes is not read back.
  assertLess(first.bytesRead, 1.5 * whole);
  const second = await run(folder.path, 5, {}, { resumeFromEpoch: "latest" });
  assertEquals(second.saved, [[4, BLOCK_BYTES], [5, BLOCK_BYTES]]);
  assertEquals(second.weights, expected(5));
});

Deno.test("large blobs: without snapshots all that was written is saved whole, and nothing read back", async () => {
  await using folder = await temporaryFolder();
  const { saved, bytesRead } = await run(folder.path, 2, { snapshot: "none" });
  const whole = BLOCKS * BLOCK_BYTES;
  assertEquals(saved, [[0, 2 * whole], [1, whole], [2, whole]]);
  assertLess(bytesRead, BLOCK_BYTES);
});

Deno.test("large blobs: where there is no memory for snapshots, the blobs themselves are saved", async () => {
  await using folder = await temporaryFolder();
  const middle = blob<Uint8Array>("middle");
  const made = job("short", {
    init: [
      start,
      task("more", { writes: { middle } }).run(() => ({ middle: new Uint8Array(8 * BLOCK_BYTES) })),
    ],
    epoch: [
      touch,
      task("turn", { updates: { middle } }).run(({ middle }, { epoch }) => void middle.fill(epoch)),
    ],
    until: epochs(3),
    checkpoint: { to: `file:${folder.path}` },
  });
  const real = SharedArrayBuffer;
  class NoMemory extends SharedArrayBuffer {
    constructor() {
      super(0);
      throw new RangeError("Array buffer allocation failed");
    }
  }
  globalThis.SharedArrayBuffer = NoMemory as SharedArrayBufferConstructor;
  try {
    await using session = new LocalSession();
    await new JobRunner(made).run(session);
  } finally {
    globalThis.SharedArrayBuffer = real;
  }
  const manager = new CheckpointManager(join(folder.path, "short"), "file");
  for (const epoch of [1, 2, 3]) {
    await using session = new LocalSession();
    await session.run(manager.load(epoch));
    assertEquals(await session.fetch(weights), expected(epoch));
    assertEquals(await session.fetch(middle), new Uint8Array(8 * BLOCK_BYTES).fill(epoch));
  }
});

Deno.test("large blobs: an epoch is committed while the next one never yields", async () => {
  await using folder = await temporaryFolder();
  const seen: boolean[] = [];
  const spin = task("spin", { updates: { weights } }).run(({ weights }, { epoch }) => {
    const path = join(folder.path, "busy", "epochs", `e00000${epoch - 1}.a000001.cbor`);
    let isThere = false;
    for (const end = performance.now() + 20_000; !isThere && performance.now() < end;) {
      isThere = existsSync(path);
    }
    seen.push(isThere);
    // Enough of it that a thread writes it.
    for (let block = 0; block < BLOCKS; block++) weights[block * BLOCK_BYTES] = epoch;
  });
  const busy = job("busy", {
    init: [start],
    epoch: [spin],
    until: epochs(3),
    checkpoint: { to: `file:${folder.path}` },
  });
  await using session = new LocalSession();
  await new JobRunner(busy).run(session);
  assertEquals(seen, [true, true, true]);
});

Deno.test("large blobs: so it is where an epoch is large for its many small blobs", async () => {
  await using folder = await temporaryFolder();
  const seen: boolean[] = [];
  const names = Array.from({ length: 12 }, (_, index) => `part${index}`);
  const parts = Object.fromEntries(
    names.map((name) => [name, blob(name, { initial: () => new Uint8Array(900_000) })]),
  );
  const spin = task("spin", { updates: parts }).run((found, { epoch }) => {
    const path = join(folder.path, "parts", "epochs", `e00000${epoch - 1}.a000001.cbor`);
    let isThere = false;
    for (const end = performance.now() + 20_000; !isThere && performance.now() < end;) {
      isThere = existsSync(path);
    }
    seen.push(isThere);
    for (const name of names) found[name]?.fill(epoch);
  });
  const made = job("parts", {
    epoch: [spin],
    until: epochs(3),
    checkpoint: { to: `file:${folder.path}` },
  });
  await using session = new LocalSession();
  await new JobRunner(made).run(session);
  assertEquals(seen, [true, true, true]);
  const manager = new CheckpointManager(join(folder.path, "parts"), "file");
  await using other = new LocalSession();
  await other.run(manager.load(2));
  assertEquals(await other.fetch(parts["part7"]!), new Uint8Array(900_000).fill(2));
});

Deno.test("large blobs: what cannot be read back is saved again, which mends it", async () => {
  await using folder = await temporaryFolder();
  const values = new Uint8Array(BLOCKS * BLOCK_BYTES).fill(3);
  await using session = new LocalSession();
  const manager = new CheckpointManager(folder.path, "file");
  await session.run(task("set", { writes: { weights } }).run(() => ({ weights: values })));
  await session.run(manager.init());
  await session.run(manager.save(0));
  // What was loaded is read back once it is to be compared.
  await session.run(manager.load(0));
  const packs = join(folder.path, "packs", "a000001");
  const [pack] = [...Deno.readDirSync(packs)];
  assert(pack !== undefined);
  using file = Deno.openSync(join(packs, pack.name), { write: true });
  file.seekSync(10 * BLOCK_BYTES, Deno.SeekMode.Start);
  file.writeSync(Uint8Array.of(4));
  await session.run(
    task("change", { updates: { weights } }).run(({ weights }) => void (weights[0] = 5)),
  );
  await session.run(manager.save(1));
  await session.run(
    task("clear", { writes: { weights } }).run(() => ({ weights: values.slice(1) })),
  );
  await session.run(manager.load(1));
  values[0] = 5;
  assertEquals(await session.fetch(weights), values);
});

Deno.test("large blobs: a save that nobody waits for holds what there was when it was begun", async () => {
  await using folder = await temporaryFolder();
  await using session = new LocalSession();
  const manager = new CheckpointManager(folder.path, "file");
  await session.feed(weights, new Uint8Array(128 * BLOCK_BYTES).fill(1));
  await session.run(manager.init());
  let value = 1;
  const change = task("change", { updates: { weights } })
    .run(({ weights }) => void weights.fill(++value));
  let isSaved = false;
  const saving = session.run(manager.save(0)).then(() => isSaved = true);
  while (!isSaved) {
    await session.run(change);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await saving;
  await session.run(manager.load(0));
  assertEquals(new Set(await session.fetch(weights)).size, 1);
});

Deno.test("large blobs: any sequence of changes, saves and loads equals a simple model", async () => {
  const change = fc.record({
    kind: fc.constant("change" as const),
    block: fc.nat(BLOCKS - 1),
    value: fc.nat(255),
  });
  const resize = fc.record({ kind: fc.constant("resize" as const), blocks: fc.nat(BLOCKS + 8) });
  const save = fc.constant({ kind: "save" as const });
  const load = fc.record({ kind: fc.constant("load" as const), back: fc.nat(3) });
  const steps = fc.array(fc.oneof(change, change, resize, save, save, load), { maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      await using folder = await temporaryFolder();
      await using session = new LocalSession();
      const manager = new CheckpointManager(folder.path, "file");
      let values = new Uint8Array(BLOCKS * BLOCK_BYTES + 5);
      const saved: Uint8Array<ArrayBuffer>[] = [];
      const set = () =>
        session.run(task("set", { writes: { weights } }).run(() => ({ weights: values.slice() })));
      await set();
      await session.run(manager.init());
      let epoch = 0;
      for (const step of steps) {
        if (step.kind === "change") {
          const at = step.block * BLOCK_BYTES + step.value;
          if (at < values.length) values[at] = step.value;
          await session.run(
            task("change", { updates: { weights } }).run(({ weights }) => {
              if (at < weights.length) weights[at] = step.value;
            }),
          );
        } else if (step.kind === "resize") {
          const next = new Uint8Array(step.blocks * BLOCK_BYTES + 9);
          next.set(values.subarray(0, next.length));
          values = next;
          await set();
        } else if (step.kind === "save") {
          await session.run(manager.save(epoch++));
          saved.push(values.slice());
        } else if (saved.length > 0) {
          const from = Math.max(0, saved.length - 1 - step.back);
          await session.run(manager.load(from));
          values = saved[from]!.slice();
          // What was saved behind it is on another line now.
          saved.length = from + 1;
          epoch = from + 1;
        }
        assertEquals(await session.fetch(weights), values);
      }
      for (const [at, was] of saved.entries()) {
        await session.run(manager.load(at));
        assertEquals(await session.fetch(weights), was);
      }
    }),
    { numRuns: 12 },
  );
});
