/**
 * Removal records that are void, as a newer attempt starts from what they name.
 *
 * @module
 */
import { DamagedError } from "./errors.ts";
import { decodeParent, MAX_RECORD_BYTES } from "./job_record.ts";
import { FOLDERS, isSameRef, type ManifestRef, parentName, parseAttemptName } from "./layout.ts";
import type { AttemptInfo } from "./line.ts";
import { readRecord } from "./record_reader.ts";
import type { Store, StoreOptions } from "./store.ts";

/**
 * Whether a removal record is withdrawn, or would be had its attempt not died before that.
 *
 * Nobody starts from what a record names. A newer attempt that does had looked before the record was
 * there, so that whoever wrote it finds that attempt when he looks behind it, and removes nothing.
 */
export function isWithdrawn(
  by: number,
  refs: readonly ManifestRef[],
  attempts: readonly Pick<AttemptInfo, "attempt" | "parent">[],
): boolean {
  return attempts.some(({ attempt, parent }) =>
    attempt > by && parent !== undefined && refs.some((ref) => isSameRef(ref, parent))
  );
}

/** Where attempts newer than one start from, as far as they have recorded it. */
export async function parentsAfter(
  store: Store,
  by: number,
  options: StoreOptions,
): Promise<readonly Pick<AttemptInfo, "attempt" | "parent">[]> {
  const found: Pick<AttemptInfo, "attempt" | "parent">[] = [];
  for (const name of await store.list(FOLDERS.attempts, options)) {
    const { attempt = 0, isParent = false } = parseAttemptName(name) ?? {};
    if (!isParent || attempt <= by) continue;
    try {
      const bytes = await readRecord(store, parentName(attempt), MAX_RECORD_BYTES, options);
      if (bytes !== undefined) found.push({ attempt, ...decodeParent(attempt, bytes) });
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
    }
  }
  return found;
}
