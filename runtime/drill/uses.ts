/**
 * Notices what tasks take from outside that is not the same on a resume.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Observer } from "../events.ts";

/** Where this package lies: what it uses itself is no task's. */
const PACKAGE = new URL("../../", import.meta.url).href;
const OWN = ["runtime/", "storage/", "dsl/"].map((folder) => `${PACKAGE}${folder}`);

/** While it lives, takes note of which task asks for random numbers, the time, or the network. */
export class Uses implements Disposable {
  readonly #task = new AsyncLocalStorage<string>();
  readonly #found = new Map<string, Set<string>>();
  readonly #restore: (() => void)[] = [];

  /** Begins to take note. */
  constructor() {
    this.#watch(Math, "random", "Math.random");
    this.#watch(Date, "now", "Date.now");
    this.#watch(performance, "now", "performance.now");
    this.#watch(crypto, "randomUUID", "crypto.randomUUID");
    this.#watch(crypto, "getRandomValues", "crypto.getRandomValues");
    this.#watch(globalThis, "fetch", "fetch");
    this.#watchDate();
  }

  /** Follows which task runs: what it calls from then on is its own. */
  readonly observe: Observer = (event) => {
    if (event.type === "task-started") this.#task.enterWith(event.task);
  };

  /** What each task has used, in the order of its first uses. */
  all(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#found].map(([task, uses]) => [task, [...uses]]));
  }

  /** Ends to take note. */
  [Symbol.dispose](): void {
    for (const restore of this.#restore) restore();
  }

  #watch<K extends string>(
    target: Record<K, (...args: never[]) => unknown>,
    key: K,
    name: string,
  ): void {
    const note = (): void => this.#note(name);
    const original = target[key];
    const watched = function (this: unknown, ...args: unknown[]): unknown {
      note();
      return Reflect.apply(original, this, args);
    };
    this.#replace(target, key, watched);
  }

  /** `new Date()` tells the time, `new Date(0)` does not. */
  #watchDate(): void {
    const note = (): void => this.#note("new Date()");
    const watched = new Proxy(Date, {
      construct(target, args, newTarget): object {
        if (args.length === 0) note();
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

  #note(what: string): void {
    const task = this.#task.getStore();
    if (task === undefined || this.#found.get(task)?.has(what) || isOwnCall()) return;
    const found = this.#found.get(task);
    if (found === undefined) this.#found.set(task, new Set([what]));
    else found.add(what);
  }
}

/** Whether what was called just now was called by this package, and not by a task. */
function isOwnCall(): boolean {
  const frames = (new Error().stack ?? "").split("\n")
    .filter((line) => line.trimStart().startsWith("at ") && !line.includes(import.meta.url));
  return OWN.some((folder) => frames[0]?.includes(folder) ?? true);
}
