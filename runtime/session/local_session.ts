/**
 * Runs task groups in this process.
 *
 * @module
 */
import { DEFAULT_NODE } from "../../dsl/access.ts";
import {
  type BlobRef,
  type Duration,
  paramValue,
  parseDuration,
  type Step,
} from "../../dsl/mod.ts";
import { nearNames } from "../../dsl/near.ts";
import { cloneValue } from "../../storage/mod.ts";
import { BlobNotSetError, UnknownNameError, type UnresponsiveTaskError } from "../errors.ts";
import { Events, type Observer } from "../events.ts";
import { unresponsiveIn } from "../task/halt.ts";
import { Cursors } from "./cursors.ts";
import { ResourcePool } from "./resources.ts";
import { prepareStep, type ReadyGroup } from "./ready_group.ts";
import { runGroup } from "./run_group.ts";
import type { Scope } from "./scope.ts";
import type {
  BlobOptionsOfSession,
  CheckpointHost,
  CheckpointTask,
  PhaseRun,
  RunOptions,
  Session,
} from "./session.ts";
import { copyBlob, Workspace } from "./workspace.ts";

/** How long a task that was told to stop may take to do so, where nothing else is said. */
export const DEFAULT_GRACE: Duration = "10s";

/** How a {@linkcode LocalSession} runs. */
export interface LocalSessionOptions {
  /** How long a task that was told to stop may take to do so; 10 s by default. */
  readonly grace?: Duration;
  /** How many tasks run at once; all that may by default. */
  readonly concurrency?: number;
  /** Is told of each event. */
  readonly onEvent?: Observer;
}

/**
 * Runs task groups in this process, on as many nodes as they name: a node is a workspace here.
 *
 * @example
 * ```ts
 * import { blob, LocalSession, task } from "tidemark";
 * import { assertEquals } from "@std/assert";
 *
 * const greeting = blob<string>("greeting");
 * const greet = task("greet", { writes: { greeting } }).run(() => ({ greeting: "hello" }));
 *
 * await using session = new LocalSession();
 * await session.run(greet);
 * assertEquals(await session.fetch(greeting), "hello");
 * ```
 */
export class LocalSession implements Session {
  /** Where events go. */
  readonly events: Events = new Events();
  readonly #workspaces = new Map<string, Workspace>();
  readonly #graceMs: number;
  readonly #concurrency: number;
  readonly #closing = new AbortController();
  #pool: ResourcePool | undefined;
  readonly #active = new Set<Promise<unknown>>();
  #stuck: UnresponsiveTaskError | undefined;

  /**
   * Opens a session with empty workspaces.
   *
   * @throws {RangeError} Where an option is out of range.
   */
  constructor(options: LocalSessionOptions = {}) {
    const { grace = DEFAULT_GRACE, concurrency = Infinity, onEvent } = options;
    if (!(concurrency >= 1) || (concurrency !== Infinity && !Number.isInteger(concurrency))) {
      throw new RangeError(`concurrency is ${concurrency}: give a whole number from 1`);
    }
    this.#graceMs = parseDuration(grace);
    this.#concurrency = concurrency;
    if (onEvent !== undefined) this.events.observe(onEvent);
  }

  /** Runs a checkpoint task, and gives its output. */
  run<O>(task: CheckpointTask<O>, options?: RunOptions): Promise<O>;
  /**
   * Runs a task, a group, or a group of a job.
   *
   * @throws {JobError} Where the order of a group is wrong.
   * @throws {TaskError} Where a task fails.
   * @throws {ObserverError} Where an observer of events failed.
   */
  run(step: Step | PhaseRun, options?: RunOptions): Promise<void>;
  async run(
    what: CheckpointTask<unknown> | Step | PhaseRun,
    options: RunOptions = {},
  ): Promise<unknown> {
    const running = this.events.during(() => this.#run(what, options));
    this.#active.add(running);
    try {
      return await running;
    } finally {
      this.#active.delete(running);
    }
  }

  async #run(
    what: CheckpointTask<unknown> | Step | PhaseRun,
    options: RunOptions,
  ): Promise<unknown> {
    if (this.#stuck !== undefined) throw this.#stuck;
    const signal = options.signal === undefined
      ? this.#closing.signal
      : AbortSignal.any([options.signal, this.#closing.signal]);
    signal.throwIfAborted();
    if (what.kind === "checkpoint") return await what.perform(this.#host(signal));
    if (what.kind === "phase") {
      return await this.#runReady(what.group, withSignal(what.scope, signal));
    }
    const group = prepareStep(what, {}, nameOf(what));
    await this.#runReady(group, this.#scope(nameOf(what), signal));
  }

  /**
   * A blob's value; a copy is the caller's to make.
   *
   * @throws {BlobNotSetError} Where it is not set.
   * @throws {UnknownNameError} Where nobody knows a node or a blob of that name.
   */
  fetch<T>(blob: BlobRef<T>, options?: BlobOptionsOfSession): Promise<T>;
  /** A blob's value, by its name. */
  fetch(blob: string, options?: BlobOptionsOfSession): Promise<unknown>;
  fetch(
    blob: BlobRef<unknown> | string,
    { node = DEFAULT_NODE }: BlobOptionsOfSession = {},
  ): Promise<unknown> {
    const name = typeof blob === "string" ? blob : blob.name;
    const known = this.#workspaces.get(node);
    if (known === undefined && this.#workspaces.size > 0) {
      return Promise.reject(new UnknownNameError("node", node, nearNames(node, this.nodes)));
    }
    const workspace = known ?? new Workspace(node);
    if (workspace.has(name)) {
      return Promise.resolve(workspace.arrive(name)).then(() => workspace.get(name));
    }
    const isDerived = typeof blob === "string" ? workspace.isDerived(name) : blob.derived;
    const isKnown = typeof blob !== "string" || isDerived || workspace.declared.has(name);
    return Promise.reject(
      isKnown ? new BlobNotSetError(name, node, isDerived) : workspace.unknown(name),
    );
  }

  /**
   * Sets a blob to a copy of a value, also on a node that had none so far. The value that it replaces is
   * freed where its codec can.
   */
  feed<T>(blob: BlobRef<T>, value: NoInfer<T>, options?: BlobOptionsOfSession): Promise<void>;
  /** Sets a blob, by its name. */
  feed(blob: string, value: unknown, options?: BlobOptionsOfSession): Promise<void>;
  async feed(
    blob: BlobRef<unknown> | string,
    value: unknown,
    { node = DEFAULT_NODE }: BlobOptionsOfSession = {},
  ): Promise<void> {
    const workspace = this.workspace(node);
    const name = typeof blob === "string" ? blob : blob.name;
    if (typeof blob !== "string") workspace.declare(blob);
    const declared = workspace.declared.get(name);
    const copy = declared === undefined ? cloneValue(value) : await copyBlob(declared, value);
    workspace.drop(name);
    workspace.set(name, copy);
  }

  /** A node's blobs; made empty where there were none. */
  workspace(node: string): Workspace {
    const known = this.#workspaces.get(node);
    if (known !== undefined) return known;
    const made = new Workspace(node);
    this.#workspaces.set(node, made);
    return made;
  }

  /** The nodes that have a workspace. */
  get nodes(): readonly string[] {
    return [...this.#workspaces.keys()];
  }

  /** Stops what runs, waits for it, and closes the resources that single tasks opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new DOMException("The session was closed", "AbortError"));
    await Promise.allSettled(this.#active);
    await this.#pool?.close();
    for (const workspace of this.#workspaces.values()) workspace.clear();
  }

  async #runReady(group: ReadyGroup, scope: Scope): Promise<void> {
    for (const { reads, writes } of group.steps) {
      for (const { node, blob } of [...reads, ...writes]) this.workspace(node).declare(blob);
    }
    if (scope.phase === "init") {
      for (const workspace of this.#workspaces.values()) {
        await workspace.initialize((blob) => !blob.scratch);
      }
    }
    try {
      await runGroup(group, scope, {
        workspace: (node) => this.workspace(node),
        graceMs: this.#graceMs,
        concurrency: this.#concurrency,
      });
    } catch (error) {
      this.#stuck ??= unresponsiveIn(error);
      throw error;
    }
  }

  #host(signal: AbortSignal): CheckpointHost {
    const { events, nodes } = this;
    return { workspace: (node) => this.workspace(node), nodes, events, signal };
  }

  /** What single tasks know: no job, no params but their defaults. */
  #scope(job: string, signal: AbortSignal): Scope {
    const params = {};
    this.#pool ??= new ResourcePool((param) => paramValue(param, params), this.#closing.signal);
    return {
      name: job,
      ...{ job, phase: "init", epoch: 0, attempt: 0, branch: 0, seed: 0, params, signal },
      stopReason: () => this.events.failure ?? (signal.aborted ? signal.reason : undefined),
      cursors: new Cursors({ job, seed: 0 }),
      resources: this.#pool,
      saved: () => Promise.reject(new Error("saved(…) can be read in a job's run only")),
      events: this.events,
      checkReads: false,
    };
  }
}

/** A scope that this signal stops too. */
function withSignal(scope: Scope, signal: AbortSignal): Scope {
  return {
    ...scope,
    signal: AbortSignal.any([scope.signal, signal]),
    stopReason: () => scope.stopReason() ?? (signal.aborted ? signal.reason : undefined),
  };
}

function nameOf(step: Step): string {
  return step.kind === "task" ? step.name : "group";
}
