/**
 * Creates small records while somebody may repair.
 *
 * @module
 */
import { ObjectNotFoundError, UnknownOutcomeError } from "./errors.ts";
import type { Store, WriteOptions } from "./store.ts";

/** So often what a record is written under may be cleared away. */
const MOST_CLEARED = 10;

/**
 * Commits a record, again where whoever repairs has taken what it was written under for something that a
 * killed write has left: nothing was linked then.
 *
 * @throws {StoreError} As `Store.put` does.
 */
export async function putNew(
  store: Store,
  name: string,
  bytes: Uint8Array,
  options: WriteOptions,
): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await store.put(name, bytes, options);
    } catch (error) {
      const isCleared = error instanceof UnknownOutcomeError &&
        error.cause instanceof ObjectNotFoundError;
      if (!isCleared || tries >= MOST_CLEARED) throw error;
    }
  }
}
