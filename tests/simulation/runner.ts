/**
 * A process that saves, removes and pins on a simulated disk as the runtime does, and notes in the
 * disk's log what was begun and what was acknowledged.
 */

import { assert } from "@std/assert";
import {
  type Attempt,
  CheckpointStore,
  type Durability,
  FileStore,
  type FileSystem,
  type KeepRule,
  type Manifest,
  type ManifestRef,
  type PinnedEpoch,
  type SavedPhase,
} from "../../storage/mod.ts";
import { request, START } from "../storage/sample.ts";
import type { Disk } from "./disk.ts";
import type { Note } from "./facts.ts";
import { nodesOf } from "./values.ts";

/** Where the job lies: in folders that are not there at first. */
export const ROOT = "/jobs/job";
/** The job's name. */
export const JOB = "job";
/** A moment that all records have. */
const NOW_MS = 1_700_000_000_000;

/** A process that runs the job, or looks at it. */
export class Runner {
  #attempt: Attempt | undefined;
  #before: Manifest | undefined;

  private constructor(
    /** The disk, in whose log it writes its notes. */
    readonly disk: Disk<Note>,
    /** The checkpoints. */
    readonly store: CheckpointStore,
  ) {}

  /** Starts a process, which opens the job. */
  static async open(
    disk: Disk<Note>,
    fileSystem: FileSystem = disk.process(),
    durability: Durability = "power",
  ): Promise<Runner> {
    const store = await CheckpointStore.open(new FileStore(ROOT, { fileSystem }), {
      ...{ job: JOB, durability },
    });
    return new Runner(disk, store);
  }

  /** The attempt that was begun last. */
  get attempt(): Attempt {
    assert(this.#attempt !== undefined, "no attempt was begun");
    return this.#attempt;
  }

  /**
   * Begins an attempt, from the newest state of the line; or, where a further epoch is to be run, from the newest
   * epoch up to one, and from no phase behind it. Gives its number.
   */
  async begin(upTo = Infinity): Promise<number> {
    const attempt = await this.store.begin(START);
    this.disk.note({ note: "begun", attempt: attempt.number });
    const { line, removals } = await this.store.history();
    const parent = line.findLast(({ epoch, phase }) =>
      upTo === Infinity || (epoch <= upTo && phase === "epoch")
    );
    this.#before = parent && await this.store.readManifest(parent);
    this.disk.note({ note: "starting", attempt: attempt.number, parent });
    await attempt.recordParent(parent, { removals });
    this.disk.note({ note: "started", attempt: attempt.number, parent });
    this.#attempt = attempt;
    return attempt.number;
  }

  /** Saves the next epoch, or a phase behind the last one; a small one needs no packs. */
  async save(phase: SavedPhase = "epoch", size?: "small"): Promise<ManifestRef> {
    const { number, last } = this.attempt;
    const epoch = phase === "epoch" ? (last?.epoch ?? -1) + 1 : last?.epoch ?? 0;
    const ref: ManifestRef = { epoch, attempt: number, phase };
    const tag = (number * 100_000 + this.disk.log.length) * (size === "small" ? -1 : 1);
    // An attempt that is over writes nothing.
    if (!this.attempt.isOver) this.disk.note({ note: "saving", ref, parent: last, tag });
    const { manifest } = await this.attempt.save(request({
      ...{ epoch, phase, parent: last, reclaim: true, createdAtMs: NOW_MS + epoch },
      nodes: nodesOf(tag, this.#before),
    }));
    this.disk.note({ note: "saved", ref });
    this.#before = manifest;
    return ref;
  }

  /** The states that rules do not keep. */
  async judge(rules: readonly KeepRule[]): Promise<readonly ManifestRef[]> {
    const { verdicts } = await this.store.judge(rules, { nowMs: NOW_MS });
    return verdicts.filter(({ keep }) => !keep).map(({ ref }) => ref);
  }

  /** Removes states, and what earlier attempts were removing when they died. */
  async remove(refs: readonly ManifestRef[]): Promise<void> {
    this.disk.note({ note: "removing", attempt: this.attempt.number, refs });
    await this.attempt.remove(refs);
    this.disk.note({ note: "removed", refs });
  }

  /** Keeps the last few epochs. */
  async keepLast(n: number): Promise<void> {
    await this.remove(await this.judge([{ rule: "last", n }]));
  }

  /** What the runtime does after the first save of an attempt. */
  async sweep(): Promise<void> {
    await this.attempt.sweep();
  }

  /** Pins an epoch. */
  async pin(pin: PinnedEpoch): Promise<void> {
    const refs = (await this.store.history()).manifests
      .filter(({ epoch, attempt }) => epoch === pin.epoch && attempt === pin.attempt);
    this.disk.note({ note: "pinning", pin });
    await this.store.pin(pin);
    this.disk.note({ note: "pinned", pin, refs });
  }

  /** Unpins an epoch. */
  async unpin(pin: PinnedEpoch): Promise<void> {
    this.disk.note({ note: "unpinning", pin });
    await this.store.unpin(pin);
    this.disk.note({ note: "unpinned", pin });
  }
}
