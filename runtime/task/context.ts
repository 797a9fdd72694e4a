/**
 * What a running task is given beside its inputs.
 *
 * @module
 */
import type {
  Awaitable,
  Context,
  LogFields,
  MapOptions,
  Mapped,
  PieceContext,
  Replica,
  Rng,
} from "../../dsl/mod.ts";
import { parseDuration } from "../../dsl/mod.ts";
import { monotonicMs } from "../clock.ts";
import type { TaskPlace } from "../events.ts";
import { makeRng } from "../rng/rng.ts";
import type { Scope } from "../session/scope.ts";
import type { UnresponsiveTaskError } from "../errors.ts";
import type { GroupJournal } from "../journal/group_journal.ts";
import type { TaskJournal } from "../journal/task_journal.ts";
import { type Halt, unresponsiveIn } from "./halt.ts";
import { makeMemo, type Memo } from "./memo.ts";
import { NotNeededError, PieceMap } from "./piece_map.ts";
import { runPiece } from "./piece.ts";
import { pieceContext, type PieceTry } from "./piece_context.ts";
import { sleep, timeOf, turn } from "./turn.ts";

/** At most this long passes between two turns that `progress` gives the event loop. */
const TURN_EVERY_MS = 20;

const DONE: Promise<void> = Promise.resolve();

/** One try of a task, as its function sees it. */
export class TaskContext implements Context {
  readonly #scope: Scope;
  readonly #place: TaskPlace;
  #streams: Map<string, Rng> | undefined;
  #maps: PieceMap<unknown, unknown>[] | undefined;
  #steps: Map<string, Promise<unknown>> | undefined;
  #stepHalt: Halt | undefined;
  #stuck: UnresponsiveTaskError | undefined;
  #turned = 0;
  #asked = 0;
  #firstStep: string | undefined;
  #keys: Set<string> | undefined;
  #taskJournal: TaskJournal | undefined;

  /** Stands for one try. */
  constructor(
    scope: Scope,
    place: TaskPlace,
    readonly replica: Replica,
    readonly try_: number,
    /** What tells this try to end. */
    readonly halt: Halt,
    private readonly group?: GroupJournal,
  ) {
    this.#scope = scope;
    this.#place = place;
  }

  get try(): number {
    return this.try_;
  }

  get signal(): AbortSignal {
    return this.halt.signal;
  }

  get job(): string {
    return this.#scope.job;
  }

  get epoch(): number {
    return this.#scope.epoch;
  }

  get node(): string {
    return this.#place.node;
  }

  get idempotencyKey(): string {
    const { name, branch, phase, epoch } = this.#scope;
    return `${name}:${branch}:${phase}:${epoch}:${this.#place.id}`;
  }

  // Users take these apart (`{ rng, progress }`), so each is bound, once it is asked for.

  get rng(): Context["rng"] {
    return (name) => this.#rng(name);
  }

  get progress(): Context["progress"] {
    return (done, total) => this.#progress(done, total);
  }

  get log(): Context["log"] {
    return (message, fields) => this.#log(message, fields);
  }

  get map(): Context["map"] {
    return (name, items, run, options) => this.#map(name, items, run, options);
  }

  get now(): Context["now"] {
    return (name = "now") => {
      const nth = ++this.#asked;
      const tell = (): number => this.#scope.clock?.(this.#place, nth) ?? Date.now();
      return this.#time(`now ${name}`, tell).then((ms) => new Date(ms));
    };
  }

  get sleep(): Context["sleep"] {
    return (name, duration) => {
      const ms = () => parseDuration(duration);
      return this.#wait(`sleep "${name}"`, () => Date.now() + ms(), ms);
    };
  }

  get waitUntil(): Context["waitUntil"] {
    return (name, time) => this.#wait(`waitUntil "${name}"`, () => timeOf(name, time));
  }

  get step(): Context["step"] {
    return (key, run) => this.#runStep(key, run);
  }

  /** Whether the task has left nothing that `close` would have to end. */
  get isIdle(): boolean {
    return this.#maps === undefined && this.#stepHalt === undefined;
  }

  #rng(name: string): Rng {
    const known = this.#streams?.get(name);
    if (known !== undefined) return known;
    const { job, seed, phase, epoch } = this.#scope;
    const made = makeRng({ job, seed, phase, epoch, task: this.#taskId, node: this.node, name });
    (this.#streams ??= new Map()).set(name, made);
    return made;
  }

  #progress(done: number, total?: number): Promise<void> {
    this.halt.check();
    const now = monotonicMs();
    const isLast = done === total;
    if (now - this.#turned < TURN_EVERY_MS && !isLast) return DONE;
    this.#turned = now;
    this.#scope.events.emit({ type: "progress", ...this.#place, done, total });
    const turned = turn().then(() => this.halt.check());
    // Where the caller does not wait, the next call throws instead.
    turned.catch(() => {});
    return turned;
  }

  #log(message: string, fields: LogFields = {}): void {
    this.#scope.events.emit({ type: "log", ...this.#place, message, fields });
  }

  #map<I, O>(
    name: string,
    items: Iterable<I> | AsyncIterable<I>,
    run: (item: I, context: PieceContext) => Awaitable<O>,
    options: MapOptions<I>,
  ): Mapped<O> {
    this.#claim(`map "${name}"`);
    const made = new PieceMap<I, O>(
      name,
      items,
      run,
      options,
      this.halt,
      (key, tryNumber, halt) => this.#piece(["map", name, key], key, tryNumber, halt),
      this.#memo((key) => ["map", name, key], run),
    );
    (this.#maps ??= []).push(made as PieceMap<unknown, unknown>);
    return made;
  }

  #runStep<T>(key: string, run: (context: PieceContext) => Awaitable<T>): Promise<T> {
    try {
      this.#claim(`step "${key}"`);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#follow(`step "${key}"`, () => this.#step(key, run));
  }

  /** Runs what the task has to wait for before it ends. */
  #follow<T>(label: string, run: () => Promise<T>): Promise<T> {
    const result = run();
    (this.#steps ??= new Map()).set(label, result);
    const ended = (): void => void this.#steps?.delete(label);
    result.then(ended, ended);
    return result;
  }

  /** Waits until a time, which is recorded first, but no longer than this: clocks are set back. */
  #wait(what: string, until: () => number, most = () => Infinity): Promise<void> {
    try {
      this.#scope.onWait?.(what, this.#place);
      this.#claim(what);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#follow(what, async () => {
      const { signal } = this.#stepHalt ??= this.halt.child();
      const untilMs = await this.#time(what, until);
      await sleep(Math.min(most(), Math.max(0, untilMs - Date.now())), signal);
    });
  }

  async #time(key: string, ms: () => number): Promise<number> {
    return await this.#journal?.time(key, ms) ?? ms();
  }

  get #journal(): TaskJournal | undefined {
    return this.#taskJournal ??= this.group?.task(this.#place.id);
  }

  /** What is known of pieces, and becomes known; nothing where they are not recorded. */
  #memo(
    pieceOf: (key: string) => PieceTry["piece"],
    run: (...args: never[]) => unknown,
  ): Memo | undefined {
    const journal = this.group?.isFine === true ? this.#journal : undefined;
    const onReuse = (piece: PieceTry["piece"]): void =>
      this.#scope.events.emit({ type: "piece-reused", ...this.#place, piece });
    return journal && makeMemo({ journal, pieceOf, run, onReuse });
  }

  async #step<T>(key: string, run: (context: PieceContext) => Awaitable<T>): Promise<T> {
    const halt = this.#stepHalt ??= this.halt.child();
    const context = (number: number, halt: Halt): PieceContext =>
      this.#piece(["step", key], key, number, halt);
    const memo = this.#memo((key) => ["step", key], run);
    const known = memo?.recall(key, undefined);
    if (known !== undefined) return known.value as T;
    const keep = memo && ((value: unknown) => memo.record(key, value, undefined));
    try {
      memo?.check();
      return await runPiece(run, { halt, context, keep }, { what: `step "${key}"` });
    } catch (error) {
      this.#stuck ??= unresponsiveIn(error);
      throw error;
    }
  }

  /**
   * Ends what the task left running.
   *
   * @throws {Error} Where a `map` or a `step` was never awaited.
   * @throws {UnresponsiveTaskError} Where a piece may still be running, whoever caught its error.
   */
  async close(isFailed: boolean): Promise<void> {
    const steps = this.#steps ?? new Map<string, Promise<unknown>>();
    const maps = this.#maps ?? [];
    const [running] = steps.keys();
    if (running !== undefined) {
      this.#stepHalt?.halt(new NotNeededError("the task ended"));
      await Promise.allSettled(steps.values());
    }
    this.#stepHalt?.release();
    for (const map of maps) await map.close();
    const stuck = this.#stuck ?? maps.find((map) => map.stuck !== undefined)?.stuck;
    if (stuck !== undefined) throw stuck;
    if (running !== undefined && !isFailed) {
      throw new Error(`${running} was still running when its task ended: await it`);
    }
    const unused = maps.find((map) => !map.isUsed);
    if (unused !== undefined && !isFailed) {
      throw new Error(
        `map "${unused.name}" was never awaited, so that none of its pieces ran: ` +
          `write await map(…), or for await (const result of map(…))`,
      );
    }
  }

  /** The task's name, with its turn where it repeats, so that each turn has numbers of its own. */
  get #taskId(): string {
    const at = this.#place.id.lastIndexOf("#");
    return at < 0 ? this.#place.task : `${this.#place.task}${this.#place.id.slice(at)}`;
  }

  #claim(what: string): void {
    this.halt.check();
    if (this.#firstStep === undefined) this.#firstStep = what;
    else if (this.#firstStep === what || this.#keys?.has(what)) {
      throw new Error(`${what} runs twice in one task: give each its own name or key`);
    } else (this.#keys ??= new Set()).add(what);
  }

  #piece(piece: PieceTry["piece"], key: string, tryNumber: number, halt: Halt): PieceContext {
    const { idempotencyKey, node } = this;
    const one = { piece, key, try: tryNumber, halt, idempotencyKey, task: this.#taskId, node };
    return pieceContext(this.#scope, one);
  }
}
