/** What tests of task logs share. */
import {
  type Attempt,
  CheckpointStore,
  type EntryToLog,
  FileStore,
  MemoryStore,
  type Store,
} from "../../storage/mod.ts";

const environment = { deno: "2", arch: "x86_64", tidemark: "0.1.0" };
/** What logs begin with. */
export const HEAD = { branch: 1, seed: 3, params: { rate: 0.5 }, sources: [] };

/** Begins an attempt of a job. */
export async function begin(store: Store): Promise<Attempt> {
  const opened = await CheckpointStore.open(store, { job: "sum" });
  return await opened.begin({ seed: 3, params: {}, environment, createdAtMs: 0 });
}

/** Runs a test on `memory:`, on `file:`, and where objects cannot grow. */
export async function inBoth(
  run: (store: Store, again: () => Store) => Promise<void>,
): Promise<void> {
  const name = crypto.randomUUID();
  await run(new MemoryStore(name), () => new MemoryStore(name));
  const folder = await Deno.makeTempDir();
  try {
    await run(new FileStore(folder), () => new FileStore(folder));
    // Objects that cannot grow.
    const plain = await Deno.makeTempDir({ dir: folder });
    const without = (): Store => {
      const store: Store = new FileStore(plain);
      return Object.assign(store, { createLog: undefined });
    };
    await run(without(), without);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Where entries stand. */
export const site = { phase: "epoch", epoch: 1, id: "train@main" } as const;
/** An entry that is small. */
export const gate = (id: string): EntryToLog => ({
  kind: "gate",
  ...site,
  id,
  code: "c0de",
  isOpen: true,
  cursors: [],
});
