/**
 * Checkpoint managers: they build the tasks that save and load.
 *
 * @module
 */
import type { AnyBlob } from "../../dsl/mod.ts";
import { DEFAULT_NODE } from "../../dsl/access.ts";
import type { Store } from "../../storage/mod.ts";
import type { CheckpointTask, Session } from "../session/session.ts";
import { CheckpointEngine } from "./engine.ts";
import type { EpochRef } from "./epoch_ref.ts";
import type { MetadataHandler } from "./metadata.ts";

/** What a checkpoint manager may be given. */
export interface CheckpointManagerOptions {
  /** The node of a single-node manager; `main` where not given. */
  readonly node?: string;
  /** Keeps account of checkpoints elsewhere. */
  readonly metadata?: MetadataHandler;
  /** What a save must outlive; the strongest the place can promise where not given. */
  readonly durability?: "power" | "process" | "none";
  /**
   * A run waits for saves of at most so many bytes, and goes on while larger ones are written; 4 MiB
   * where not given. What is waited for is safe before the next task starts, even one that never yields.
   */
  readonly waitBytes?: number;
  /** The store itself, where it is not made from the place and its kind. */
  readonly store?: Store;
}

/** What {@linkcode CheckpointManager} and {@linkcode MultiNodeCheckpointManager} share. */
export abstract class Checkpoints {
  /** What does the work; the job runner drives it. */
  readonly engine: CheckpointEngine;

  /** Names a place and a kind of store; nothing is opened yet. */
  constructor(
    /** The place: the folder of the job's checkpoints. */
    readonly db: string,
    /** The kind of store: `"file"` or `"memory"`. */
    readonly dbType: string,
    options: CheckpointManagerOptions = {},
  ) {
    this.engine = new CheckpointEngine(db, dbType, options);
  }

  /** The nodes that a task is for, of those named; all of the session's where none are. */
  protected abstract nodesFor(nodes: readonly string[] | undefined): readonly string[];

  /**
   * Builds the task that finds which blobs are to be checkpointed, or reads that list from a saved epoch.
   *
   * Run once after the init group; again with the same nodes it does nothing new, with others it
   * throws.
   */
  init(nodes?: readonly string[], retrieveFromEpoch?: EpochRef): CheckpointTask<void> {
    const named = this.nodesFor(nodes);
    return this.#task("init", named, (host) => this.engine.init(host, named, retrieveFromEpoch));
  }

  /**
   * The names of the blobs that are checkpointed.
   *
   * @throws {NotInitializedError} Before `init` has run.
   */
  blobList(node?: string): readonly string[] {
    return this.engine.blobList(node);
  }

  /**
   * Builds the task that restores every blob of an epoch, of a single-node manager those of its node; the
   * workspaces then hold nothing else, and so no derived blobs, which the
   * job runner's `loadEpoch` makes again.
   *
   * Run, it throws an {@linkcode UnknownNameError} where the epoch has nothing of the manager's node.
   */
  load(epoch: EpochRef): CheckpointTask<void> {
    const nodes = this.nodesFor(undefined);
    return this.#task(
      `load(${epoch})`,
      nodes,
      (host) => this.engine.load(host, epoch, nodes),
    );
  }

  /**
   * Builds the task that restores only these blobs, of a single-node manager on its node, reading only
   * their bytes.
   *
   * Run, it throws a {@linkcode DerivedNotSavedError} for a derived blob, which no epoch holds.
   */
  loadBlobsFromCheckpoint(
    blobs: readonly (string | AnyBlob)[],
    epoch: EpochRef,
  ): CheckpointTask<void> {
    const names = blobs.map(nameOf);
    const nodes = this.nodesFor(undefined);
    return this.#task(
      `load(${names.join(", ")} of ${epoch})`,
      nodes,
      (host) => this.engine.loadBlobs(host, names, epoch, nodes),
    );
  }

  /**
   * Builds the task that says whether an epoch is committed and can be read on every node: those that
   * `init` was run for, else the manager's own, else those of the session, if it has any yet.
   */
  checkDbExists(epoch: EpochRef): CheckpointTask<boolean> {
    const nodes = this.nodesFor(undefined);
    return this.#task(
      `check(${epoch})`,
      nodes,
      (host) => this.engine.exists(host, epoch, nodes),
    );
  }

  /** Builds the task that saves all blobs as an epoch; once it resolves, the epoch is committed. */
  save(epoch: number): CheckpointTask<void> {
    return this.#task(`save(${epoch})`, this.nodesFor(undefined), async (host) => {
      await this.engine.save(host, epoch, "epoch");
    });
  }

  /**
   * Takes blobs from an epoch into the same nodes of a session, without running the job.
   *
   * Gives `false`, and changes nothing, where any node has no checkpoint of that epoch.
   *
   * @throws {UnknownNameError} Where no node holds a blob of that name.
   */
  async loadBlobsFromCheckpoints(
    blobs: readonly (string | AnyBlob)[],
    epoch: EpochRef,
    session: Session,
  ): Promise<boolean> {
    if (!await session.run(this.checkDbExists(epoch))) return false;
    await session.run(this.loadBlobsFromCheckpoint(blobs, epoch));
    return true;
  }

  #task<O>(
    name: string,
    nodes: readonly string[],
    perform: CheckpointTask<O>["perform"],
  ): CheckpointTask<O> {
    return Object.freeze({ kind: "checkpoint", name, nodes, perform });
  }
}

/**
 * Checkpoints of one node.
 *
 * Each method builds a task that a session runs. (`CheckpointManager` of Caffe2's `checkpoint.py`.)
 *
 * @example
 * ```ts
 * import { blob, CheckpointManager, LocalSession } from "tidemark";
 * import { assertEquals } from "@std/assert";
 *
 * const total = blob<number>("total");
 * const checkpoints = new CheckpointManager("totals", "memory");
 *
 * await using session = new LocalSession();
 * await session.feed(total, 1);
 * await session.run(checkpoints.init());
 * await session.run(checkpoints.save(0));
 * await session.feed(total, 2);
 * await session.run(checkpoints.load(0));
 * assertEquals(await session.fetch(total), 1);
 * ```
 */
export class CheckpointManager extends Checkpoints {
  readonly #node: string;

  /** Names a place and a kind of store; nothing is opened yet. */
  constructor(db: string, dbType: string, options: CheckpointManagerOptions = {}) {
    super(db, dbType, options);
    this.#node = options.node ?? DEFAULT_NODE;
  }

  /** Its one node. */
  protected override nodesFor(nodes: readonly string[] | undefined): readonly string[] {
    if (nodes === undefined) return [this.#node];
    if (nodes.length === 1) return nodes;
    throw new RangeError(
      `CheckpointManager is for one node, but was given ${nodes.length} (${nodes.join(", ")}): ` +
        `use MultiNodeCheckpointManager`,
    );
  }
}

/**
 * Checkpoints of several nodes, with one commit for all of them.
 *
 * (`MultiNodeCheckpointManager` of Caffe2's `checkpoint.py`.)
 */
export class MultiNodeCheckpointManager extends Checkpoints {
  /** The nodes named; all of the session's where none are. */
  protected override nodesFor(nodes: readonly string[] | undefined): readonly string[] {
    return nodes ?? [];
  }
}

function nameOf(blob: string | AnyBlob): string {
  return typeof blob === "string" ? blob : blob.name;
}
