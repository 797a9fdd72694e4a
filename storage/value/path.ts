/**
 * Places inside a value, as people write them.
 *
 * @module
 */

/** One step into a value: an array's index, an object's key, or a part of a Map or Set. */
export type Step = number | string | EntryStep;

/** A step to the key or the value of a Map's entry, or to an item of a Set. */
export class EntryStep {
  /** Takes where it leads. */
  constructor(
    /** What is stepped to. */
    readonly part: "key" | "value" | "item",
    /** The entry's place in the order. */
    readonly index: number,
    /** The entry's key, for a value. */
    readonly key?: unknown,
  ) {}
}

const MOST_CHARACTERS = 40;

/** A step as text: `.layers`, `["a b"]`, `[3]`, `.get("key")`, `[key 3]`, `[item 3]`. */
export function formatStep(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step === "string") {
    return step.length <= MOST_CHARACTERS && /^[A-Za-z_$][\w$]*$/.test(step)
      ? `.${step}`
      : `[${quote(step)}]`;
  }
  const { part, index, key } = step;
  if (part === "value") {
    if (typeof key === "string") return `.get(${quote(key)})`;
    if (typeof key === "number" || typeof key === "boolean") return `.get(${key})`;
  }
  return `[${part} ${index}]`;
}

/** A way of steps as text. */
export function formatPath(steps: readonly Step[]): string {
  return steps.map(formatStep).join("");
}

function quote(text: string): string {
  if (text.length <= MOST_CHARACTERS) return JSON.stringify(text);
  return JSON.stringify(`${text.slice(0, MOST_CHARACTERS)}…`);
}
