/** What is measured: a session and a manager over a store that counts its bytes, by the public API alone. */

import { blob, CheckpointManager, FileStore, LocalSession, type Step, task } from "tidemark";
import { basename, join } from "@std/path";
import { makeWeights } from "./data.ts";
import { syncFolder } from "./limit.ts";
import { seconds } from "./stats.ts";

/** The large blob. */
export const weights = blob<Float32Array<ArrayBuffer>>("weights");
/** A blob of one number. */
export const counter = blob<number>("counter");

/** A session whose state a manager saves. */
export class Subject implements AsyncDisposable {
  /** Holds the blobs. */
  readonly session: LocalSession = new LocalSession();
  /** Counts the bytes. */
  readonly store: FileStore;
  readonly #manager: CheckpointManager;
  #epoch = 0;

  /** Takes the folder of the checkpoints. */
  constructor(folder: string) {
    this.store = new FileStore(folder);
    this.#manager = new CheckpointManager(folder, "file", {
      store: this.store,
      durability: "power",
    });
  }

  /** Sets the blobs, the large one where it has a size, and finds them. */
  async init(bytes: number): Promise<void> {
    await this.session.run(setCounter);
    if (bytes > 0) {
      await this.session.run(
        task("make", { writes: { weights } }).run(() => ({ weights: makeWeights(bytes) })),
      );
    }
    await this.session.run(this.#manager.init());
  }

  /** The large blob's value. */
  weights(): Promise<Float32Array<ArrayBuffer>> {
    return this.session.fetch(weights);
  }

  /** Runs a task, whose time does not count. */
  run(step: Step): Promise<void> {
    return this.session.run(step);
  }

  /** Saves the next epoch, and gives how long that took. */
  save(): Promise<number> {
    const save = this.#manager.save(this.#epoch++);
    return seconds(() => this.session.run(save));
  }

  /** Loads an epoch, and gives how long that took. */
  load(epoch: number): Promise<number> {
    const load = this.#manager.load(epoch);
    return seconds(() => this.session.run(load));
  }

  /** Loads blobs of an epoch, and gives how long that took. */
  loadBlobs(names: readonly string[], epoch: number): Promise<number> {
    const load = this.#manager.loadBlobsFromCheckpoint(names, epoch);
    return seconds(() => this.session.run(load));
  }

  /** Removes the packs that the last full save has replaced; see {@linkcode dropOlderPacks}. */
  dropOlderPacks(): Promise<void> {
    return dropOlderPacks(this.store.root);
  }

  /** Lets go of all. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.session[Symbol.asyncDispose]();
  }
}

/** A task that changes the large blob in place. */
export function changing(change: (values: Float32Array) => void): Step {
  return task("change", { updates: { weights } }).run(({ weights }) => change(weights));
}

/** A task that sets the small blob anew. */
export const setCounter: Step = task("count", { writes: { counter } })
  .run(() => ({ counter: performance.now() }));

/**
 * Removes all packs but those of the newest epoch, after a save that has written every block again. The peers replace
 * their file too; and a system's cache that fills with old packs makes each new one slower.
 */
export async function dropOlderPacks(place: string): Promise<void> {
  const packs: string[] = [];
  for await (const { name } of Deno.readDir(join(place, "packs"))) {
    const folder = join(place, "packs", name);
    for await (const pack of Deno.readDir(folder)) packs.push(join(folder, pack.name));
    syncFolder(folder);
  }
  const epochOf = (path: string): string => basename(path).split(".")[0] ?? "";
  const newest = packs.map(epochOf).sort().at(-1);
  for (const pack of packs) if (epochOf(pack) !== newest) await Deno.remove(pack);
}
