/**
 * One start of a runner: what it saves and removes, until a newer one takes over.
 *
 * @module
 */
import {
  AttemptOverError,
  FencedError,
  InvalidNameError,
  ObjectExistsError,
  UnknownOutcomeError,
} from "./errors.ts";
import { encodeParent } from "./job_record.ts";
import {
  attemptName,
  comparePosition,
  formatRef,
  isSameRef,
  manifestName,
  type ManifestRef,
  MAX_NUMBER,
  newPackName,
  parentName,
  type SavedPhase,
} from "./layout.ts";
import type { BlobEntry, BlobToSave, Manifest, RunState } from "./manifest.ts";
import { encodeManifest } from "./manifest_codec.ts";
import { checkName } from "./names.ts";
import { inlineBudget, PackLayout } from "./pack.ts";
import { removeManifests } from "./removal.ts";
import { FORMAT_VERSION } from "./seal.ts";
import type { Durability, Store, StoreOptions } from "./store.ts";

/** What is saved. */
export interface SaveRequest {
  /** The epoch; 0 after init. */
  readonly epoch: number;
  /** What was finished. */
  readonly phase: SavedPhase;
  /** The state from which this one was reached: what this attempt saved last, or started from. */
  readonly parent: ManifestRef | undefined;
  /** What the run knows beside its blobs. */
  readonly run: RunState;
  /** Numbers to judge it by, as `node/blob`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** All blobs, by node and name. Their memory must not change before the save resolves. */
  readonly nodes: Record<string, Readonly<Record<string, BlobToSave>>>;
  /** When it is saved, in milliseconds since 1970; now where not given. */
  readonly createdAtMs?: number;
}

/** What one node took part with. */
export interface NodeReport {
  /** The node. */
  readonly node: string;
  /** How many bytes of blobs were written or read; those carried over are not. */
  readonly bytes: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** A save that is committed and acknowledged. */
export interface Saved {
  /** What was committed. */
  readonly manifest: Manifest;
  /** What was done for each node. */
  readonly reports: readonly NodeReport[];
}

/** What an attempt needs of its store. */
export interface AttemptContext {
  /** The store. */
  readonly store: Store;
  /** The job; none without one. */
  readonly job: string | undefined;
  /** What saves must outlive. */
  readonly durability: Durability;
  /** The packs that a manifest names. */
  readonly packsOf: (ref: ManifestRef) => Promise<readonly string[]>;
}

/** One start of a runner, made by `CheckpointStore.begin`. It serves one save or removal at a time. */
export class Attempt {
  readonly #context: AttemptContext;
  #over: unknown;
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
  }

  /** Whether it can save no more: it was fenced, or a commit of its has an unknown outcome. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** What it saved last, or started from. */
  get last(): ManifestRef | undefined {
    return this.#last;
  }

  /**
   * Records where it starts from, before anything runs; nothing for a fresh start.
   *
   * @throws {StoreError} Where that cannot be recorded; begin another attempt then.
   */
  async recordParent(ref: ManifestRef | undefined, options: StoreOptions = {}): Promise<void> {
    if (this.#isStarted) throw new Error(`Attempt ${this.number} has recorded its parent already`);
    const parent = ref && bare(ref);
    if (parent !== undefined && parent.attempt >= this.number) {
      throw new RangeError(`Attempt ${this.number} cannot start from ${formatRef(parent)}`);
    }
    const { store, durability } = this.#context;
    const record = encodeParent(this.number, parent);
    await store.put(parentName(this.number), record, { ...options, durability });
    this.#isStarted = true;
    this.#parent = parent;
    this.#last = parent;
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
   * @throws {RangeError} Where the state does not follow what was saved last (see `canSave`).
   * @throws {StoreError} Where it was certainly not committed.
   */
  async save(request: SaveRequest, options: StoreOptions = {}): Promise<Saved> {
    this.#checkCanSave(request);
    const { store, durability, job } = this.#context;
    const ref: ManifestRef = {
      epoch: request.epoch,
      attempt: this.number,
      phase: request.phase,
    };
    const written: string[] = [];
    const { nodes, reports } = await this.#writeNodes(ref, request, written, options);
    const manifest: Manifest = {
      ...ref,
      version: FORMAT_VERSION,
      job,
      parent: this.#last,
      createdAtMs: request.createdAtMs ?? Date.now(),
      run: request.run,
      metrics: request.metrics,
      nodes,
      packs: packsOf(nodes),
    };
    try {
      const record = encodeManifest(manifest);
      await store.put(manifestName(ref), record, { ...options, durability });
    } catch (error) {
      throw await this.#afterFailedCommit(error, ref, written);
    }
    await this.#checkNotFenced(`${formatRef(ref)} lies on a side line`);
    this.#last = ref;
    return { manifest, reports };
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
    this.#checkNotOver();
    const last = this.#last;
    if (last !== undefined && refs.some((ref) => isSameRef(ref, last))) {
      throw new RangeError(
        `Cannot remove ${formatRef(last)}: attempt ${this.number} goes on from it`,
      );
    }
    const { store, durability, packsOf } = this.#context;
    const checkNotFenced = () => this.#checkNotFenced("it removes nothing");
    const remover = {
      ...{ store, durability, packsOf, checkNotFenced },
      attempt: this.number,
      parent: this.#parent,
    };
    return await removeManifests(remover, refs.map(bare), options);
  }

  #checkCanSave({ epoch, phase, parent }: SaveRequest): void {
    this.#checkNotOver();
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

  /** Lays out and writes each node's pack; a failure removes what was written. */
  async #writeNodes(
    ref: ManifestRef,
    request: SaveRequest,
    written: string[],
    options: StoreOptions,
  ): Promise<{ readonly nodes: Manifest["nodes"]; readonly reports: readonly NodeReport[] }> {
    const budget = inlineBudget();
    const nodes: [string, Record<string, BlobEntry>][] = [];
    const reports: NodeReport[] = [];
    const { store, durability } = this.#context;
    for (const [node, blobs] of Object.entries(request.nodes)) {
      const started = performance.now();
      checkPlainName(node);
      const pack = new PackLayout(newPackName(ref, node), budget);
      const entries = Object.entries(blobs).map(([name, blob]): [string, BlobEntry] => {
        checkPlainName(name);
        return [name, pack.add(blob)];
      });
      nodes.push([node, Object.fromEntries(entries)]);
      if (pack.parts.length > 0) {
        try {
          await store.write(pack.name, pack.parts, { ...options, durability });
        } catch (error) {
          await this.#discard(written);
          throw error;
        }
        written.push(pack.name);
      }
      reports.push({ node, bytes: pack.blobBytes, durationMs: performance.now() - started });
    }
    return { nodes: Object.fromEntries(nodes), reports };
  }

  /** What a failed commit means; certainly nothing committed only where it leaves the attempt alive. */
  async #afterFailedCommit(
    error: unknown,
    ref: ManifestRef,
    written: readonly string[],
  ): Promise<unknown> {
    if (error instanceof ObjectExistsError) {
      const why = "it is there already, by a commit whose outcome was not known";
      this.#over = new UnknownOutcomeError("commit", manifestName(ref), why, { cause: error });
      return this.#over;
    }
    if (error instanceof UnknownOutcomeError) this.#over = error;
    else await this.#discard(written);
    return error;
  }

  /** Removes packs that no manifest will name; what stays is garbage, which harms nobody. */
  async #discard(packs: readonly string[]): Promise<void> {
    try {
      await this.#context.store.remove(packs, { durability: "none" });
    } catch {
      // The failure that led here is the one to report.
    }
  }

  /**
   * Looks for a newer attempt. Numbers have no gaps, as each attempt is created behind the highest
   * there is and never removed, so that the next number tells.
   */
  async #checkNotFenced(what: string): Promise<void> {
    let isFenced: boolean;
    const next = attemptName(this.number + 1);
    try {
      isFenced = await this.#context.store.stat(next) !== undefined;
    } catch (error) {
      const why = `nobody can tell whether ${what}, as a newer attempt cannot be looked for`;
      this.#over = new UnknownOutcomeError("look at", next, why, { cause: error });
      throw this.#over;
    }
    if (!isFenced) return;
    this.#over = new FencedError(this.number, this.number + 1, what);
    throw this.#over;
  }

  #checkNotOver(): void {
    if (this.#over instanceof FencedError) throw this.#over;
    if (this.#over !== undefined) throw new AttemptOverError(this.number, this.#over);
  }
}

function bare({ epoch, attempt, phase }: ManifestRef): ManifestRef {
  return { epoch, attempt, phase };
}

/** A node's or blob's name: one part of an object's name. */
function checkPlainName(name: string): void {
  if (checkName(name).length > 1 || name.length > 100) {
    throw new InvalidNameError(
      name,
      "names of nodes and blobs have at most 100 characters and no /",
    );
  }
}

function packsOf(nodes: Manifest["nodes"]): readonly string[] {
  const packs = new Set<string>();
  for (const blobs of Object.values(nodes)) {
    for (const entry of Object.values(blobs)) {
      if ("absent" in entry) continue;
      for (const { pack } of entry.blocks ?? []) packs.add(pack);
    }
  }
  return [...packs];
}
