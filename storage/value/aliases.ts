/**
 * Finds memory and objects that are in two places, and would come back as two.
 *
 * @module
 */
import { AliasedValueError, UnsupportedValueError } from "./errors.ts";
import { MAX_ENTRIES, SMALLER } from "./limits.ts";
import { objectsIn, placeOf } from "./places.ts";
import type { Owners } from "./walk.ts";

/**
 * Which blob of a workspace has which object. What it remembers may be out of date, since objects may
 * move between blobs between two saves: before it refuses one, it looks whether the other blob has it still.
 */
export class Aliases {
  readonly #owners = new WeakMap<object, string>();

  /** Takes how to find a blob's current value, to see whether it still has an object. */
  constructor(
    /** The current value of a blob. */
    readonly current: (blob: string) => unknown,
  ) {}

  /**
   * Takes note of a value that a blob got from a checkpoint, and that may therefore be carried over
   * from save to save without being encoded here: only so will memory that another blob comes to
   * share with it be found.
   */
  note(blob: string, value: unknown): void {
    for (const object of objectsIn(value)) this.#owners.set(object, blob);
  }

  /** Follows the walk of one blob's value. */
  of(blob: string, value: unknown): Owners {
    const within = ownersWithin(blob, value);
    const others = new Map<string, Set<object>>();
    return {
      claim: (object, what, path) => {
        within.claim(object, what, path);
        const other = this.#owners.get(object);
        if (other === blob) return;
        this.#owners.set(object, blob);
        if (other === undefined) return;
        let objects = others.get(other);
        if (objects === undefined) others.set(other, objects = objectsIn(this.current(other)));
        if (!objects.has(object)) return;
        const place = placeOf(object, this.current(other), other) ?? other;
        throw new AliasedValueError(path(), place, what);
      },
    };
  }
}

/** Follows the walk of a value that stands alone. */
export function ownersWithin(name: string, value: unknown): Owners {
  const seen = new Set<object>();
  return {
    claim: (object, what, path) => {
      if (seen.has(object)) {
        const here = path();
        throw new AliasedValueError(here, placeOf(object, value, name, here) ?? name, what);
      }
      if (seen.size >= MAX_ENTRIES) {
        throw new UnsupportedValueError(
          path(),
          `one of over ${MAX_ENTRIES} objects`,
          SMALLER,
          name,
        );
      }
      seen.add(object);
    },
  };
}
