/**
 * Notices what a job takes from outside that is not the same on a resume.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Observer } from "../events.ts";

/** Where this package lies: what it uses itself is no task's. */
const PACKAGE = new URL("../../", import.meta.url).href;
const OWN = ["runtime/", "storage/", "dsl/"].map((folder) => `${PACKAGE}${folder}`);

/** The key of what is used outside tasks: by predicates, initial values, resources. */
export const OUTSIDE_TASKS = "";

/** Which job's code runs, and in which of its tasks, until that has ended. */
interface Running {
  readonly uses: Uses;
  task: string;
}

const running = new AsyncLocalStorage<Running>();

/** While it lives, takes note of which task of a run asks for random numbers, the time, or the network. */
export class Uses implements Disposable {
  readonly #found = new Map<string, Set<string>>();
  readonly #tasks = new Map<string, Running>();
  readonly #recalls = new Set<string>();

  /** Begins to take note. */
  constructor() {
    if (living.size === 0) watch.begin();
    living.add(this);
  }

  /** Runs a job: only what it calls is taken note of. */
  follow<T>(run: () => Promise<T>): Promise<T> {
    return running.run({ uses: this, task: OUTSIDE_TASKS }, run);
  }

  /** Follows which task runs: what it calls until it ends is its own. */
  readonly observe: Observer = (event) => {
    if (event.type === "task-started") {
      const entered = { uses: this, task: event.task };
      this.#tasks.set(event.id, entered);
      running.enterWith(entered);
    } else if (event.type === "piece-reused") this.#recalls.add(event.task);
    else if (event.type === "task-finished" || event.type === "task-failed") {
      // Who started the task has entered it too, and goes on after its end.
      const entered = this.#tasks.get(event.id);
      if (entered !== undefined) entered.task = OUTSIDE_TASKS;
    }
  };

  /** What each task has used, in the order of its first uses. */
  all(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#found].map(([task, uses]) => [task, [...uses]]));
  }

  /** The tasks of which pieces were taken as done, and not run again. */
  recalls(): ReadonlySet<string> {
    return this.#recalls;
  }

  /** Takes note of a use; of one that this package makes itself it does not. */
  note(task: string, what: string): void {
    const found = this.#found.get(task);
    if (found?.has(what) === true || isOwnCall()) return;
    if (found === undefined) this.#found.set(task, new Set([what]));
    else found.add(what);
  }

  /** Ends to take note. */
  [Symbol.dispose](): void {
    if (living.delete(this) && living.size === 0) watch.end();
  }
}

/** Those that take note now: the globals are watched as long as there is one. */
const living = new Set<Uses>();

/** Stands before the global functions whose use is noted, once for all runs. */
class Watch {
  readonly #restore: (() => void)[] = [];

  begin(): void {
    this.#watch(Math, "random", "Math.random");
    this.#watch(Date, "now", "Date.now");
    this.#watch(performance, "now", "performance.now");
    this.#watch(crypto, "randomUUID", "crypto.randomUUID");
    this.#watch(crypto, "getRandomValues", "crypto.getRandomValues");
    this.#watch(crypto.subtle, "generateKey", "crypto.subtle.generateKey");
    this.#watch(globalThis, "fetch", "fetch");
    this.#watch(Deno, "connect", "Deno.connect");
    this.#watch(Deno, "connectTls", "Deno.connectTls");
    this.#watchNew("WebSocket", WebSocket);
    this.#watchDate();
  }

  end(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #watch<K extends string>(
    target: Record<K, (...args: never[]) => unknown>,
    key: K,
    name: string,
  ): void {
    const original = target[key];
    const watched = function (this: unknown, ...args: unknown[]): unknown {
      note(name);
      return Reflect.apply(original, this, args);
    };
    this.#replace(target, key, watched);
  }

  #watchNew<C extends abstract new (...args: never[]) => object>(key: string, original: C): void {
    const watched = new Proxy(original, {
      construct(target, args, newTarget): object {
        note(`new ${key}`);
        return Reflect.construct(target, args, newTarget);
      },
    });
    this.#replace(globalThis, key, watched);
  }

  /** `new Date()` and `Date()` tell the time, `new Date(0)` does not. */
  #watchDate(): void {
    const watched = new Proxy(Date, {
      apply(target, self, args): string {
        note("Date()");
        return Reflect.apply(target, self, args);
      },
      construct(target, args, newTarget): object {
        if (args.length === 0) note("new Date()");
        return Reflect.construct(target, args, newTarget);
      },
    });
    this.#replace(globalThis, "Date", watched);
  }

  #replace(target: object, key: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(target, key);
    Object.defineProperty(target, key, { value, configurable: true, writable: true });
    this.#restore.push(() => {
      if (before === undefined) Reflect.deleteProperty(target, key);
      else Object.defineProperty(target, key, before);
    });
  }
}

const watch = new Watch();

function note(what: string): void {
  const store = running.getStore();
  if (store !== undefined && living.has(store.uses)) store.uses.note(store.task, what);
}

/** Whether what was called just now was called by this package, and not by a job. */
function isOwnCall(): boolean {
  const frames = (new Error().stack ?? "").split("\n")
    .filter((line) => line.trimStart().startsWith("at ") && !line.includes(import.meta.url));
  return OWN.some((folder) => frames[0]?.includes(folder) ?? true);
}
