/**
 * Templates: one set of tokens and tasks, used several times under different names.
 *
 * @module
 */
import type { AnyTask } from "./task.ts";
import type { AnyReadable } from "./token.ts";

/** What {@linkcode prefix} leaves as it is. */
export interface PrefixOptions {
  /** Tokens and tasks that all copies share. */
  readonly shared?: readonly (AnyReadable | AnyTask)[];
}

const WITHOUT_RUN = "task without .run(…)";
const NAMED: readonly unknown[] = ["blob", "param", "resource", "cursor", "task", WITHOUT_RUN];

/**
 * Renames every token and task in `parts`, however nested, to `name.…`, and gives back the same shape.
 *
 * What stands for one token in `parts` stands for one in the result. Lists and plain objects are
 * gone through; whatever holds no token stays the same object.
 *
 * @example
 * ```ts
 * import { blob, prefix, task } from "tidemark";
 * import { assertEquals } from "@std/assert";
 *
 * function counter() {
 *   const count = blob("count", { initial: () => 0 });
 *   const add = task("add", { reads: { count }, writes: { count } })
 *     .run(({ count }) => ({ count: count + 1 }));
 *   return { count, add };
 * }
 * const left = prefix("left", counter());
 * assertEquals(left.count.name, "left.count");
 * ```
 */
export function prefix<P>(name: string, parts: P, options: PrefixOptions = {}): P {
  const made = new Map<object, unknown>();
  for (const token of options.shared ?? []) made.set(token, token);
  return rename(name, parts, made) as P;
}

function rename(name: string, part: unknown, made: Map<object, unknown>): unknown {
  if (typeof part !== "object" || part === null) return part;
  if (made.has(part)) return made.get(part);
  // While it is being made it stands for itself, so that a cycle in the user's own data ends.
  made.set(part, part);
  const renamed = copyOf(name, part, made);
  made.set(part, renamed);
  return renamed;
}

function copyOf(name: string, part: object, made: Map<object, unknown>): unknown {
  if (Array.isArray(part)) {
    const list = part.map((item) => rename(name, item, made));
    return list.some((item, index) => item !== part[index]) ? like(part, list) : part;
  }
  const kind: unknown = (part as { kind?: unknown }).kind;
  if (Object.getPrototypeOf(part) !== Object.prototype || kind === "job") return part;
  const fields = part as Readonly<Record<string, unknown>>;
  const entries = Object.entries(fields).map(([key, value]): [string, unknown] => {
    if (key === "name" && NAMED.includes(kind)) return [key, `${name}.${value}`];
    if (key === "run" && kind === WITHOUT_RUN) {
      const run = value as (body: unknown) => unknown;
      return [key, (body: unknown) => rename(name, run(body), made)];
    }
    // A fallback or a codec is the user's own value, not a part of the template.
    const isOwn = typeof kind === "string" && (key === "fallback" || key === "codec");
    return [key, isOwn ? value : rename(name, value, made)];
  });
  const isChanged = entries.some(([key, value]) => value !== fields[key]);
  return isChanged ? like(part, Object.fromEntries(entries)) : part;
}

/** Freezes a copy where what it was copied from is frozen, as tokens are. */
function like<T extends object>(part: object, copy: T): T {
  return Object.isFrozen(part) ? Object.freeze(copy) : copy;
}
