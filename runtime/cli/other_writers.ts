/**
 * Hears when a job itself writes to the terminal that its bars are drawn on.
 *
 * @module
 */

/** What of `console` writes lines. */
const CONSOLE = [
  ...["log", "info", "debug", "warn", "error", "table", "dir", "dirxml", "trace", "assert"],
  ...["group", "groupCollapsed", "count", "timeLog", "timeEnd"],
];
const LINE_FEED = 10;

/**
 * Calls `before` before anybody writes by `console`, `Deno.stdout` or `Deno.stderr`, and says whether what
 * is written ends its line, until it is disposed of.
 */
export function hearOthers(before: (endsLine: boolean) => void): Disposable {
  const restores = CONSOLE.map((key) => wrap(console, key, () => before(true)));
  for (const stream of [Deno.stdout, Deno.stderr]) {
    for (const key of ["write", "writeSync"]) {
      restores.push(wrap(stream, key, ([bytes]) => {
        before(bytes instanceof Uint8Array && bytes.at(-1) === LINE_FEED);
      }));
    }
  }
  return {
    [Symbol.dispose]() {
      for (const restore of restores.reverse()) restore();
    },
  };
}

/** Lets something be done before each call of a method; gives what undoes that. */
function wrap(target: object, key: string, before: (args: readonly unknown[]) => void): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(target, key);
  const original: unknown = Reflect.get(target, key);
  if (typeof original !== "function") return () => {};
  const value = function (this: unknown, ...args: unknown[]): unknown {
    before(args);
    return Reflect.apply(original, this, args);
  };
  Object.defineProperty(target, key, { value, configurable: true, writable: true });
  return () => {
    if (descriptor === undefined) Reflect.deleteProperty(target, key);
    else Object.defineProperty(target, key, descriptor);
  };
}
