/**
 * Imported before other modules, watches what they do while they are imported.
 *
 * Every function by which a module could do work (the system, the clock, randomness, timers, threads, the network) is
 * wrapped by one that notes its name and goes on.
 *
 * @module
 */

// Deno sets this module up when it is first touched, as the npm stand-in of @std/path does; that is not our work.
import process from "node:process";

type Callable = (this: unknown, ...args: unknown[]) => unknown;

const called = new Set<string>();

/** The constructors and functions of the global scope that do work. */
const globalFunctions: readonly string[] = [
  "BroadcastChannel",
  "EventSource",
  "MessageChannel",
  "WebSocket",
  "Worker",
  "addEventListener",
  "fetch",
  "queueMicrotask",
  "setInterval",
  "setTimeout",
];

/** The objects of which every function does work. */
const objects: Readonly<Record<string, object>> = {
  "Atomics": Atomics,
  "Deno": Deno,
  "Deno.env": Deno.env,
  "console": console,
  "crypto": crypto,
  "crypto.subtle": crypto.subtle,
  "performance": performance,
};

process.stdout;
process.stderr;
const before = snapshot();
for (const name of globalFunctions) watch(globalThis, name, name);
for (const [name, object] of Object.entries(objects)) {
  for (const key of functionsOf(object)) watch(object, key, `${name}.${key}`);
}
watch(Date, "now", "Date.now");
watchNewDate();
watch(Math, "random", "Math.random");
const watched = snapshot();

/** Prints, as a JSON list, what was called and which globals were changed since this module was imported. */
export function finish(): void {
  const changes = compare(watched, snapshot());
  const calls = [...called].map((name) => `called: ${name}`);
  restore();
  console.log(JSON.stringify([...changes, ...calls].sort()));
}

function functionsOf(object: object): string[] {
  const names = new Set<string>();
  for (let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (name === "constructor") continue;
      const value = Object.getOwnPropertyDescriptor(at, name)?.value;
      // Error classes and other constructors are no work by themselves.
      if (typeof value === "function" && !/^[A-Z]/.test(name)) names.add(name);
    }
  }
  return [...names];
}

function watch(object: object, key: string, name: string): void {
  const original: unknown = Reflect.get(object, key);
  if (typeof original !== "function") return;
  const proxy = new Proxy(original as Callable, {
    apply(target, self, args) {
      called.add(name);
      return Reflect.apply(target, self, args);
    },
    construct(target, args, newTarget) {
      called.add(name);
      return Reflect.construct(target, args, newTarget);
    },
  });
  Object.defineProperty(object, key, { value: proxy, configurable: true, writable: true });
}

/** A date made of nothing is the clock read; one made of a number or a string is none. */
function watchNewDate(): void {
  const proxy = new Proxy(Date, {
    construct(target, args: unknown[], newTarget) {
      if (args.length === 0) called.add("new Date");
      return Reflect.construct(target, args, newTarget);
    },
  });
  Object.defineProperty(globalThis, "Date", { value: proxy, configurable: true, writable: true });
}

function restore(): void {
  Object.defineProperty(console, "log", { value: before.get("console.log") });
}

/** The value of every property of the global scope, of the built-in classes and their prototypes, and of what is watched. */
function snapshot(): Map<string, unknown> {
  const values = new Map<string, unknown>();
  const take = (name: string, object: object) => {
    for (const key of Reflect.ownKeys(object)) {
      const found = Object.getOwnPropertyDescriptor(object, key);
      values.set(`${name}.${String(key)}`, found && "value" in found ? found.value : found?.get);
    }
  };
  take("globalThis", globalThis);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = Object.getOwnPropertyDescriptor(globalThis, name)?.value;
    if (typeof value !== "function") continue;
    take(name, value);
    if (value.prototype) take(`${name}.prototype`, value.prototype);
  }
  for (const [name, object] of Object.entries({ ...objects, Math, JSON, Reflect })) {
    take(name, object);
  }
  return values;
}

function compare(old: Map<string, unknown>, now: Map<string, unknown>): string[] {
  const changes: string[] = [];
  for (const [name, value] of now) {
    if (!old.has(name)) changes.push(`${name}: added`);
    else if (!Object.is(old.get(name), value)) changes.push(`${name}: changed`);
  }
  for (const name of old.keys()) if (!now.has(name)) changes.push(`${name}: removed`);
  return changes;
}
