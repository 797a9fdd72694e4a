/**
 * A process that can die at any of its steps, within this one.
 *
 * @module
 */
import type { Observer, RunEvent } from "../events.ts";
import type { Store, WriteOptions } from "../../storage/mod.ts";
import { PieceEnds, type StepsByTask } from "./piece_ends.ts";

/** What everything ends with that a dead process would have done. */
export class DeadError extends Error {
  /** The class's name. */
  override readonly name: string = "DeadError";
}

/**
 * Counts the steps of a run: each event, and each change of its store before and after it is made. At
 * one of them it dies: from then on whatever it does throws, and changes nothing.
 */
export class Mortal {
  readonly #dieAt: number;
  readonly #dying = new AbortController();
  #steps = 0;
  #lastStep = "its start";
  #isDead = false;
  readonly #pieceEnds = new PieceEnds();

  /**
   * Takes the number of the step at which it dies, from 1, and what is done there; it outlives all
   * others.
   */
  constructor(
    dieAt: number = Infinity,
    private readonly onDeath: (step: string) => void = () => {},
  ) {
    this.#dieAt = dieAt;
  }

  /** How many steps it has taken. */
  get steps(): number {
    return this.#steps;
  }

  /** The last step it took, in words. */
  get lastStep(): string {
    return this.#lastStep;
  }

  /** Whether it is dead. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Aborted when it dies. */
  get signal(): AbortSignal {
    return this.#dying.signal;
  }

  /** Takes a step. */
  step(what: string): void {
    if (this.#isDead) throw new DeadError(`dead since ${this.#lastStep}`);
    this.#lastStep = what;
    if (++this.#steps < this.#dieAt) return;
    this.#isDead = true;
    this.onDeath(what);
    const error = new DeadError(`died at ${what}`);
    this.#dying.abort(error);
    throw error;
  }

  /** The steps at which tasks ended of which pieces were recorded, by the tasks' names. */
  get pieceEnds(): StepsByTask {
    return this.#pieceEnds.all();
  }

  /** Follows an event, with which the next step is taken. */
  follow(event: RunEvent): void {
    this.#pieceEnds.observe(event, this.#steps + 1);
  }

  /** Takes note that something was appended to a task log. */
  appended(): void {
    this.#pieceEnds.appended();
  }

  /** Takes a step with each event. */
  readonly observe: Observer = (event) => {
    this.follow(event);
    this.step(describeEvent(event));
  };

  /** A store that this process has open: once it is dead, it changes it no more. */
  open(store: Store): Store {
    const change = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
      this.step(`before the ${what}`);
      const result = await run();
      this.step(`after the ${what}`);
      return result;
    };
    const makeLog = store.createLog?.bind(store);
    const createLog = makeLog && (async (name: string, options?: WriteOptions) => {
      const log = await change(`creation of ${name}`, () => makeLog(name, options));
      return {
        append: (bytes: Uint8Array) => {
          this.appended();
          return change(`append to ${name}`, () => log.append(bytes));
        },
        close: () => log.close(),
      };
    });
    const own: Partial<Store> = {
      ...createLog === undefined ? {} : { createLog },
      put: (name: string, bytes: Uint8Array, options?: WriteOptions) =>
        change(`commit of ${name}`, () => store.put(name, bytes, options)),
      write: (name: string, parts: Iterable<Uint8Array>, options?: WriteOptions) =>
        change(`writing of ${name}`, () => store.write(name, parts, options)),
      remove: (names: readonly string[], options?: WriteOptions) =>
        change(`removal of ${names.length} objects`, () => store.remove(names, options)),
    };
    return new Proxy(store, {
      get(target, key) {
        // What is not given is done by the operations above.
        if (key === "commit" || key === "fill") return undefined;
        const found: unknown = Reflect.get(Object.hasOwn(own, key) ? own : target, key);
        return typeof found === "function" ? found.bind(target) : found;
      },
    });
  }
}

/** A step that an event stands for, in words. */
export function describeEvent(event: RunEvent): string {
  const where = "epoch" in event && event.epoch !== undefined ? ` in epoch ${event.epoch}` : "";
  const what = "id" in event ? ` of ${event.id}` : "phase" in event ? ` (${event.phase})` : "";
  return `${event.type}${what}${where}`;
}
