/**
 * Finds memory and objects that are in two places, and would come back as two.
 *
 * @module
 */
import { AliasedValueError } from "./errors.ts";
import { type Owners, Walk } from "./walk.ts";

/** Which blob of a workspace has which object. Objects may move between blobs between two saves. */
export class Aliases {
  readonly #owners = new WeakMap<object, string>();

  /** Takes how to find a blob's current value, to see whether it still has an object. */
  constructor(
    /** The current value of a blob. */
    readonly current: (blob: string) => unknown,
  ) {}

  /** Follows one blob's walk. */
  of(blob: string, value: unknown): Owners {
    const seen = new Set<object>();
    return {
      claim: (object, what, path) => {
        if (seen.has(object)) {
          throw new AliasedValueError(path(), find(object, value, blob) ?? blob, what);
        }
        seen.add(object);
        const other = this.#owners.get(object);
        this.#owners.set(object, blob);
        if (other === undefined || other === blob) return;
        const place = find(object, this.current(other), other);
        if (place !== undefined) throw new AliasedValueError(path(), place, what);
      },
    };
  }
}

/** The path of an object, or of a view on a buffer, inside a value; `undefined` where it is not there. */
function find(object: object, value: unknown, blob: string): string | undefined {
  let found: string | undefined;
  class Found extends Error {}
  const owners: Owners = {
    claim: (other, _, path) => {
      if (other !== object) return;
      found = path();
      throw new Found();
    },
  };
  try {
    const walk: Walk<void> = new Walk(VISIT_ALL, owners, blob);
    walk.visit(value);
  } catch {
    // What else is wrong with the other value is said when that one is saved.
  }
  return found;
}

const VISIT_ALL: import("./walk.ts").Visitor<void> = {
  leaf: () => {},
  bytes: () => {},
  tensor: () => {},
  array: (value, each) => value.forEach(each),
  map: (value, each) => {
    let index = 0;
    for (const [key, item] of value) {
      each(key, `(key ${index})`);
      each(item, `(value ${index++})`);
    }
  },
  set: (value, each) => {
    let index = 0;
    for (const item of value) each(item, `(item ${index++})`);
  },
  object: (_, keys, each) => keys.forEach(each),
};
