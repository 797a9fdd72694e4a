/**
 * What a running task is given beside its inputs.
 *
 * @module
 */
import type { Duration } from "./duration.ts";
import type { Awaitable, MustBePlain } from "./plain.ts";

/**
 * A stream of random numbers, named by what asks for it: the same after any resume, and not shifted
 * by other streams.
 */
export interface Rng {
  /** A number from 0 up to but not including 1, with 53 random bits. */
  (): number;
  /** A number from the standard normal distribution. */
  normal(): number;
  /** A whole number from 0 up to but not including `below`. */
  int(below: number): number;
  /** Shuffles an array in place, and returns it. */
  shuffle<T>(items: T[]): T[];
}

/** How often and when something that failed is tried again. */
export interface Retry {
  /** How many tries there are in all; at least 1. */
  readonly attempts: number;
  /** The wait before the second try, doubled before each further one; none by default. */
  readonly delay?: Duration;
  /** The longest wait. */
  readonly maxDelay?: Duration;
  /** `false` keeps no copy of what the task `updates`: a try may see what the last one left. */
  readonly restore?: boolean;
  /** Whether this error is worth another try; all are by default. */
  readonly if?: (error: unknown) => boolean;
}

/** At most `count` starts within any `per`; each further try of a piece is one more start. */
export interface Rate {
  /** How many tries of pieces may start. */
  readonly count: number;
  /** In which time. */
  readonly per: Duration;
}

/** How the pieces of a `map` run. */
export interface MapOptions<I> {
  /** The name of a piece, unique within this `map`. */
  readonly key: (item: I, index: number) => string;
  /** How many run at once; 1 by default. */
  readonly concurrency?: number;
  /** How many may start in a time. */
  readonly rate?: Rate;
  /** How often a piece is tried. */
  readonly retry?: Retry;
  /** How long one try of a piece may take. */
  readonly timeout?: Duration;
}

/** What one piece of a `map`, or a `step`, is given. */
export interface PieceContext {
  /** Aborted when the task stops or the piece's timeout passes. */
  readonly signal: AbortSignal;
  /** The piece's key. */
  readonly key: string;
  /**
   * The same on every repeat of this piece of this epoch, also after a resume: the task's key, then the
   * names of the piece as in a URL, so that no two pieces share one.
   */
  readonly idempotencyKey: string;
  /** Which try this is, from 1. */
  readonly try: number;
  /** A stream of random numbers of this piece's own. */
  rng(name: string): Rng;
}

/** The results of a `map`: an array when awaited, or one by one in the order of the items. */
export interface Mapped<O> extends PromiseLike<O[]>, AsyncIterable<O> {
  /** The results in order, failures among them, so that one failure does not end the rest. */
  settled(): AsyncIterable<PromiseSettledResult<O>>;
}

/** Where a task's copy stands among its replicas. */
export interface Replica {
  /** From 0. */
  readonly index: number;
  /** How many there are; 1 outside `replicate`. */
  readonly count: number;
}

/** Plain fields of a log line. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** What a running task is given beside its inputs. */
export interface Context {
  /** Aborted when the run stops, a sibling fails, or the task's timeout passes. */
  readonly signal: AbortSignal;
  /** The job's name. */
  readonly job: string;
  /** The epoch: 0 in the init group, then from 1; in the later groups the last one. */
  readonly epoch: number;
  /** The node the task runs on. */
  readonly node: string;
  /** Which replica this is. */
  readonly replica: Replica;
  /** Which try this is, from 1. */
  readonly try: number;
  /**
   * The same on every repeat of this task of this epoch, also after a resume: for effects outside. It is
   * new where a person has chosen another course: an older epoch, a fork, a fresh start, another seed, param or code.
   */
  readonly idempotencyKey: string;
  /** The stream of random numbers of this name, of this task, node and epoch. */
  rng(name: string): Rng;
  /**
   * Says how far the task is. It throws when the task is to stop, also where it is not awaited; to
   * await it lets the runtime hear signals and timeouts, at most every 20 ms, and costs little.
   */
  progress(done: number, total?: number): Promise<void>;
  /** Says something, with fields for whoever reads the log by machine. */
  log(message: string, fields?: LogFields): void;
  /**
   * Runs `run` for each item, some at once; results come in the order of the items. With `grain: "task"`
   * each result is durable before it is given, and its piece does not run again on a repeat.
   */
  map<I, O>(
    name: string,
    items: Iterable<I> | AsyncIterable<I>,
    run: (item: I, context: PieceContext) => Awaitable<O> & MustBePlain<O>,
    options: MapOptions<I>,
  ): Mapped<O>;
  /**
   * The time, the same on every repeat of this task of this epoch, also after a resume, once it is
   * known; several of one task have names of their own. A task that writes derived blobs, and so runs again
   * on each resume, may not ask for it.
   */
  now(name?: string): Promise<Date>;
  /**
   * Waits. When it began is durable, whatever the grain: a repeat of this task of this epoch, also after a
   * resume, waits only for the rest.
   */
  sleep(name: string, duration: Duration): Promise<void>;
  /** Waits until a time, in milliseconds since 1970 where a number; on a repeat the one first given counts. */
  waitUntil(name: string, time: Date | number): Promise<void>;
  /**
   * Runs one effect under a key of its own. With `grain: "task"` its result is durable before this
   * resolves, and given again on a repeat, as those of a `map`'s pieces are: what it returns is all that is
   * kept of it, so that inside it blobs are only read.
   */
  step<T>(key: string, run: (context: PieceContext) => Awaitable<T> & MustBePlain<T>): Promise<T>;
}
