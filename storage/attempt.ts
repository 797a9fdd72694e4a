/**
 * One start of a runner: what it saves and removes, until a newer one takes over.
 *
 * @module
 */
import { commit } from "./commit.ts";
import { UnknownOutcomeError } from "./errors.ts";
import { Fence } from "./fence.ts";
import { encodeParent } from "./job_record.ts";
import {
  attemptName,
  comparePosition,
  formatRef,
  isSameRef,
  manifestName,
  type ManifestRef,
  MAX_NUMBER,
  parentName,
} from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import { layOut } from "./lay_out.ts";
import { unsealedManifest } from "./manifest_codec.ts";
import { indexBlocks, setSums } from "./pack.ts";
import { Reclaim } from "./reclaim.ts";
import { removeManifests, type Remover } from "./removal.ts";
import type { AttemptContext, RecordOptions, Saved, SaveRequest } from "./save_request.ts";
import { FORMAT_VERSION } from "./seal.ts";
import { settleState, unsettledBefore } from "./settle_state.ts";
import type { StoreOptions } from "./store.ts";
import { abandoned, clearGarbage, type Garbage, sweepPacks } from "./sweep.ts";
import type { LogHead } from "./task_entry.ts";
import { TaskLogWriter } from "./task_log_writer.ts";

/** More states than this are removed by a record for each so many, which is far from the largest. */
const REMOVED_AT_ONCE = 100_000;

/** One start of a runner, made by `CheckpointStore.begin`. It serves one save or removal at a time. */
export class Attempt {
  readonly #context: AttemptContext;
  readonly #reclaim: Reclaim;
  #logs = 0;
  readonly #fence: Fence;
  #isStarted = false;
  #parent: ManifestRef | undefined;
  #last: ManifestRef | undefined;

  /** Takes a number that is this attempt's alone. */
  constructor(
    context: AttemptContext,
    /** Its number; the first is 1. */
    readonly number: number,
  ) {
    this.#context = context;
    this.#fence = new Fence(context.store, number);
    this.#reclaim = new Reclaim(context.store);
  }

  /** Whether it can save no more: it was fenced, or a commit of its has an unknown outcome. */
  get isOver(): boolean {
    return this.#fence.isOver;
  }

  /** What it saved last, or started from. */
  get last(): ManifestRef | undefined {
    return this.#last;
  }

  /**
   * Records where it starts from, before anything runs; nothing for a fresh start. What that names is made
   * as durable as what will be saved behind it, whatever it had to outlive when it was saved.
   *
   * @throws {FencedError} Where that was saved by a newer attempt, or there is one.
   * @throws {StoreError} Where that cannot be recorded; begin another attempt then.
   */
  async recordParent(
    ref: ManifestRef | undefined,
    { branch, removals, ...options }: RecordOptions = {},
  ): Promise<void> {
    if (this.#isStarted) throw new Error(`Attempt ${this.number} has recorded its parent already`);
    const parent = ref && bare(ref);
    const by = parent?.attempt ?? 0;
    if (by > this.number) this.#fence.fence(`it cannot start from what attempt ${by} saved`);
    if (by === this.number) throw new RangeError(`Attempt ${by} cannot start from its own work`);
    const { store, durability, facts } = this.#context;
    const isSettled = durability === "power" ? true : undefined;
    const record = encodeParent(this.number, { parent, branch, removals, isSettled });
    try {
      if (isSettled) {
        const before = await unsettledBefore(store, this.number, parent);
        if (parent === undefined) await store.settle?.(before);
        else await settleState(store, parent, (ref) => facts.packsOf(ref), before);
      }
      await store.put(parentName(this.number), record, { ...options, durability });
    } catch (error) {
      await this.#fence.failed(error, "it does not start");
    }
    this.#isStarted = true;
    this.#parent = parent;
    this.#last = parent;
  }

  /**
   * Takes back that it has started, before it has saved anything: it then counts as one that never did,
   * and saves nothing.
   *
   * @throws {StoreError} Where that fails.
   */
  async withdraw(options: StoreOptions = {}): Promise<void> {
    this.#fence.checkNotOver();
    if (this.#last !== this.#parent) throw new Error(`Attempt ${this.number} has saved something`);
    const { store, durability } = this.#context;
    this.#fence.end(new Error(`attempt ${this.number} was withdrawn`));
    await store.remove([parentName(this.number)], { ...options, durability });
  }

  /**
   * Whether this attempt can save that state from that one. If not, as after loading an older epoch,
   * begin another attempt.
   */
  canSave(ref: Pick<ManifestRef, "epoch" | "phase">, parent: ManifestRef | undefined): boolean {
    if (this.isOver || !this.#isStarted) return false;
    const last = this.#last;
    if (last === undefined || parent === undefined) return last === parent;
    return isSameRef(last, parent) && comparePosition(ref, last) > 0;
  }

  /**
   * Saves the state of all nodes with one commit. Once it resolves, the save is acknowledged: it
   * survives whatever its durability covers.
   *
   * A failed save may be tried again, into new packs, as long as the attempt is not over.
   *
   * @throws {FencedError} Where a newer attempt has taken over: what was saved lies on a side line.
   * @throws {UnknownOutcomeError} Where nobody can tell whether it was committed; the attempt is over.
   * @throws {AttemptOverError} Where the attempt was over before.
   * @throws {RangeError} Where the state does not follow what was saved last (see `canSave`), or has more than a manifest takes.
   * @throws {StoreError} Where it was certainly not committed.
   */
  async save(request: SaveRequest, options: StoreOptions = {}): Promise<Saved> {
    this.#checkCanSave(request);
    const { store, durability, job, facts } = this.#context;
    const ref: ManifestRef = {
      epoch: request.epoch,
      attempt: this.number,
      phase: request.phase,
    };
    const startedMs = performance.now();
    const { nodes, packs, toWrite, bytes } = layOut(
      ref,
      request.reclaim === true ? await this.#reclaim.into(request.nodes, options) : request.nodes,
    );
    const manifest: Manifest = {
      ...ref,
      version: FORMAT_VERSION,
      job,
      parent: this.#last,
      createdAtMs: request.createdAtMs ?? Date.now(),
      run: request.run,
      metrics: request.metrics,
      nodes,
      packs,
    };
    const record = {
      name: manifestName(ref),
      content: unsealedManifest(manifest, indexBlocks(toWrite)),
      newer: attemptName(this.number + 1),
    };
    let durationMs = performance.now() - startedMs;
    try {
      const committing = { packs: toWrite, record, onAside: request.onAside };
      const committed = await commit(store, committing, { ...options, durability });
      const { sums, isSuperseded } = committed;
      durationMs += committed.durationMs;
      setSums(toWrite, sums);
      facts.saved(manifest);
      if (isSuperseded) this.#fence.fence(`${formatRef(ref)} lies on a side line`);
    } catch (error) {
      const what = error instanceof UnknownOutcomeError
        ? `nobody can tell whether ${formatRef(ref)} counts`
        : `${formatRef(ref)} is not saved`;
      await this.#fence.failed(error, what);
    }
    this.#last = ref;
    const reports = Object.entries(bytes).map(([node, bytes]) => ({ node, bytes, durationMs }));
    return { manifest, reports, durationMs };
  }

  /**
   * Removes checkpoints, and the packs that no other one needs. Those of them that are not there are
   * skipped.
   *
   * @returns The names of the objects that are gone.
   * @throws {FencedError} Where a newer attempt has taken over; nothing is removed.
   * @throws {RangeError} Where one of them is what this attempt goes on from.
   * @throws {StoreError} Where something cannot be removed; trying again goes on where it stopped.
   */
  async remove(
    refs: readonly ManifestRef[],
    options: StoreOptions = {},
  ): Promise<readonly string[]> {
    this.#fence.checkNotOver();
    const last = this.#last;
    if (last !== undefined && refs.some((ref) => isSameRef(ref, last))) {
      throw new RangeError(
        `Cannot remove ${formatRef(last)}: attempt ${this.number} goes on from it`,
      );
    }
    const all: string[] = [];
    for (let at = 0; at < refs.length || at === 0; at += REMOVED_AT_ONCE) {
      const some = refs.slice(at, at + REMOVED_AT_ONCE).map(bare);
      const gone = await removeManifests(this.#remover(), some, options);
      this.#context.facts.forget(gone);
      this.#reclaim.forget(gone);
      for (const name of gone) all.push(name);
    }
    return all;
  }

  /**
   * Finishes what earlier attempts were removing, and removes the packs that interrupted saves of
   * theirs have left.
   *
   * @returns The names of what is gone.
   * @throws {FencedError} Where a newer attempt has taken over; nothing is removed.
   */
  async sweep(options: StoreOptions = {}): Promise<readonly string[]> {
    this.#fence.checkNotOver();
    const remover = this.#remover();
    // Manifests whose removal was not synced may come back, and must not do so without their packs.
    const removed = await removeManifests(remover, [], options);
    return [...removed, ...await sweepPacks(remover, options)];
  }

  /**
   * Removes what nobody needs, as far as it is of earlier attempts; whoever calls it has looked at every
   * manifest, and has the hold.
   *
   * @returns The names of what is gone.
   * @throws {FencedError} Where a newer attempt has taken over; nothing is removed.
   */
  async clear(garbage: Garbage, options: StoreOptions = {}): Promise<readonly string[]> {
    this.#fence.checkNotOver();
    return await clearGarbage(this.#remover(), garbage, options);
  }

  /** Of what killed writes have left, that which may be cleared while others write. */
  abandoned(leftovers: readonly string[]): readonly string[] {
    return abandoned(this.#context.store, leftovers);
  }

  /** Begins a log of what is done after a state; it is created by the first append. */
  beginLog(head: Omit<LogHead, "attempt">): TaskLogWriter {
    return new TaskLogWriter({
      ...this.#context,
      head: { ...head, attempt: this.number },
      sequence: ++this.#logs,
      fence: this.#fence,
    });
  }

  #remover(): Remover {
    const { store, durability, facts, attempts } = this.#context;
    const checkNotFenced = () => this.#fence.check("it removes nothing");
    return {
      ...{ store, durability, attempts, checkNotFenced },
      ...{ packsOf: (ref: ManifestRef) => facts.packsOf(ref) },
      attempt: this.number,
      parent: this.#parent,
    };
  }

  #checkCanSave({ epoch, phase, parent }: SaveRequest): void {
    this.#fence.checkNotOver();
    if (!Number.isSafeInteger(epoch) || epoch < 0 || epoch > MAX_NUMBER) {
      throw new RangeError(
        `Cannot save epoch ${epoch}: epochs are whole numbers up to ${MAX_NUMBER}`,
      );
    }
    if (!this.#isStarted) {
      throw new Error(`Attempt ${this.number} cannot save before recordParent has resolved`);
    }
    if (this.canSave({ epoch, phase }, parent)) return;
    const last = this.#last === undefined ? "a fresh start" : formatRef(this.#last);
    const from = parent === undefined ? "a fresh start" : formatRef(parent);
    throw new RangeError(
      `Attempt ${this.number} goes on from ${last}, and cannot save epoch ${epoch} (${phase}) reached from ${from}: ` +
        `begin another attempt, with that as its parent`,
    );
  }
}

function bare({ epoch, attempt, phase }: ManifestRef): ManifestRef {
  return { epoch, attempt, phase };
}
