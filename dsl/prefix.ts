/**
 * Templates: one set of tokens and tasks, used several times under different names.
 *
 * @module
 */
import type { AnyReadable } from "./token.ts";

/** What {@linkcode prefix} leaves as it is. */
export interface PrefixOptions {
  /** Tokens that all copies share. */
  readonly shared?: readonly AnyReadable[];
}

const NAMED: readonly unknown[] = ["blob", "param", "resource", "cursor", "task"];
const TOKENS: readonly unknown[] = [
  ...NAMED,
  ...["previous", "optional", "from", "gather", "saved", "group", "condition"],
];

/**
 * Renames every token and task in `parts`, however nested, to `name.…`, and gives back the same shape.
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
  const made = new Map<object, object>();
  for (const token of options.shared ?? []) made.set(token, token);
  return rename(name, parts, made) as P;
}

function rename(name: string, part: unknown, made: Map<object, object>): unknown {
  if (typeof part !== "object" || part === null) return part;
  const before = made.get(part);
  if (before !== undefined) return before;
  const kind: unknown = (part as { kind?: unknown }).kind;
  const isToken = TOKENS.includes(kind);
  if (!isToken && !isPlain(part)) return part;
  if (Array.isArray(part)) {
    const list: unknown[] = [];
    made.set(part, list);
    for (const item of part) list.push(rename(name, item, made));
    return Object.freeze(list);
  }
  const copy: Record<string, unknown> = {};
  made.set(part, copy);
  for (const [key, value] of Object.entries(part)) {
    // A fallback, a default or a codec is the user's own value, not a part of the template.
    const isOwn = isToken && (key === "fallback" || key === "codec" || key === "default");
    copy[key] = isOwn ? value : rename(name, value, made);
  }
  if (NAMED.includes(kind)) copy["name"] = `${name}.${copy["name"]}`;
  return Object.freeze(copy);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype;
}
