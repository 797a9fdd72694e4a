/**
 * Reads whole records, bounded in size.
 *
 * @module
 */
import { DamagedError, ObjectNotFoundError } from "./errors.ts";
import type { Store, StoreOptions } from "./store.ts";

/**
 * Reads a record; `undefined` where there is none.
 *
 * @throws {DamagedError} Where it is larger than such a record may be, which is then not read.
 */
export async function readRecord(
  store: Store,
  name: string,
  mostBytes: number,
  options: StoreOptions = {},
): Promise<Uint8Array | undefined> {
  const info = await store.stat(name, options);
  if (info === undefined) return undefined;
  if (info.byteLength > mostBytes) {
    throw new DamagedError(name, `at most ${mostBytes} bytes`, `${info.byteLength}`);
  }
  try {
    return await store.get(name, { ...options, length: mostBytes });
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}
