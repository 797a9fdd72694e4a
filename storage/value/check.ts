/**
 * What an object must be, to come back exactly.
 *
 * @module
 */
import { inspect } from "node:util";
import { MAX_ENTRIES, MAX_ITEMS, SMALLER } from "./limits.ts";
import { arrayKind, isTypedArray } from "./type.ts";

/** Why an object is refused, and what to do about it. */
export interface Refusal {
  /** What it is. */
  readonly found: string;
  /** What would be saved. */
  readonly mend?: string;
}

/** The class of an object that may be saved. */
export type ObjectClass = "bytes" | "Date" | "Array" | "Map" | "Set" | "object";

/** The class of an object, or why it has none that can be saved. What is inside it is not looked at. */
export function classOf(value: object): ObjectClass | Refusal {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) {
    if (!ArrayBuffer.isView(value) && !Array.isArray(value)) return "object";
  } else if (Array.isArray(value)) {
    if (prototype === Array.prototype) return "Array";
  } else if (ArrayBuffer.isView(value)) {
    const isStandard = isTypedArray(value)
      ? arrayKind(value) !== undefined
      : prototype === DataView.prototype;
    if (isStandard) return "bytes";
    return { found: instanceName(value), mend: "copy it into a plain typed array" };
  } else {
    for (const [name, standard, use] of CLASSES) {
      if (prototype !== standard) continue;
      return works(use, value) ? name : { found: `a proxy or an imitation of ${nameOf(standard)}` };
    }
  }
  if (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer) {
    return { found: "shared memory", mend: COPY };
  }
  return { found: instanceName(value) };
}

/** Why a Map, a Set, a Date, a view or a buffer is refused; `undefined` where it is not. */
export function checkBuiltIn(value: object): Refusal | undefined {
  if ((value instanceof Map || value instanceof Set) && value.size > MAX_ENTRIES) {
    return {
      found: `a ${value.constructor.name} of more than ${MAX_ENTRIES} entries`,
      mend: SMALLER,
    };
  }
  const extra = isTypedArray(value)
    ? extraProperty(value, value.length)
    : Reflect.ownKeys(value)[0];
  return extra === undefined ? undefined : hasExtra(extra);
}

/** Why a buffer's memory is refused. */
export function checkMemory(buffer: ArrayBufferLike): Refusal | undefined {
  if (!(buffer instanceof ArrayBuffer)) return { found: "shared memory", mend: COPY };
  if (buffer.resizable) return { found: "memory of a resizable buffer", mend: COPY };
  if (buffer.detached) {
    return {
      found: "memory of a detached buffer",
      mend: "give away a copy, not what the blob holds",
    };
  }
  return undefined;
}

/** Why an array is refused: its own structure, not what its items are. */
export function checkArray(value: readonly unknown[]): Refusal | undefined {
  if (value.length > MAX_ITEMS) {
    return { found: `an array of more than ${MAX_ITEMS} items`, mend: SMALLER };
  }
  for (let index = 0; index < value.length; index++) {
    const property = Object.getOwnPropertyDescriptor(value, index);
    if (property === undefined) {
      return { found: `an array with a hole at ${index}`, mend: "fill it with undefined or null" };
    }
    if (!("value" in property)) return isComputed(String(index));
    if (!property.enumerable) return isHidden(String(index));
  }
  const extra = extraProperty(value, value.length);
  return extra === undefined ? undefined : hasExtra(extra);
}

/** Why a plain object is refused: its own structure, not what its properties hold. */
export function checkObject(
  value: object,
  keys: readonly (string | symbol)[],
): Refusal | undefined {
  if (keys.length > MAX_ENTRIES) {
    return { found: `an object of more than ${MAX_ENTRIES} properties`, mend: SMALLER };
  }
  for (const key of keys) {
    if (typeof key === "symbol") {
      return { found: `an object with a symbol key, ${short(key)}`, mend: "use text keys" };
    }
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !("value" in property)) return isComputed(key);
    if (!property.enumerable) return isHidden(key);
  }
  return undefined;
}

const COPY = "copy it into a plain array";

const sizeOfMap = Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get;
const sizeOfSet = Object.getOwnPropertyDescriptor(Set.prototype, "size")?.get;
const sizeOfBuffer = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")?.get;

/** Classes, their prototypes, and what works only with a real one: an object can inherit from Map and be none. */
const CLASSES: readonly [ObjectClass, object, ((this: object) => unknown) | undefined][] = [
  ["Map", Map.prototype, sizeOfMap],
  ["Set", Set.prototype, sizeOfSet],
  ["Date", Date.prototype, Date.prototype.getTime as (this: object) => unknown],
  ["bytes", ArrayBuffer.prototype, sizeOfBuffer],
];

function works(use: ((this: object) => unknown) | undefined, value: object): boolean {
  try {
    use?.call(value);
    return true;
  } catch {
    return false;
  }
}

const MOST_LISTED = 1024;
const NO_EXTRAS =
  /^(?:\w+\(\d+\) )?\[ \.\.\. \d+ more items,(?: \[\w+\]: \d+,?)+(?: \[buffer\]: ArrayBuffer \{ byteLength: \d+ \})? \]$/;

/**
 * A property beside the items. To list the properties of a long array is to make a string of each
 * index, so its inspection, which knows how to leave the items out, is asked first.
 */
function extraProperty(value: object, items: number): string | symbol | undefined {
  if (items > MOST_LISTED && NO_EXTRAS.test(inspect(value, BUT_ITEMS))) return undefined;
  return Reflect.ownKeys(value).slice(items).find((key) =>
    key !== "length" || !Array.isArray(value)
  );
}

const BUT_ITEMS = {
  breakLength: Infinity,
  compact: true,
  customInspect: false,
  depth: 0,
  getters: false,
  maxArrayLength: 0,
  showHidden: true,
} as const;

function hasExtra(key: string | symbol): Refusal {
  return {
    found: `an object with a property ${short(key)} beside its contents`,
    mend: "keep that apart from it",
  };
}

function isComputed(key: string): Refusal {
  return {
    found: `an object whose ${short(key)} is computed by an accessor`,
    mend: "replace it by its value",
  };
}

function isHidden(key: string): Refusal {
  return {
    found: `an object with a hidden property, ${short(key)}`,
    mend: "make it enumerable, or leave it out",
  };
}

function short(key: string | symbol): string {
  const text = typeof key === "symbol" ? String(key) : JSON.stringify(key);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** What an object is, by the name of its class. */
export function instanceName(value: object): string {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null
    ? "an object without a prototype"
    : `an instance of ${nameOf(prototype)}`;
}

function nameOf(prototype: object): string {
  const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  const name: unknown = typeof constructor === "function" ? constructor.name : "";
  return typeof name !== "string" || name === "" ? "a class" : name.slice(0, 60);
}
