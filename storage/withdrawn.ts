/**
 * Removal records that are void: a newer attempt had looked before they were there.
 *
 * @module
 */
import { DamagedError } from "./errors.ts";
import { decodeParent, MAX_RECORD_BYTES } from "./job_record.ts";
import { FOLDERS, isSameRef, type ManifestRef, parentName, parseAttemptName } from "./layout.ts";
import type { AttemptInfo } from "./line.ts";
import { Pace } from "./pace.ts";
import { readRecord } from "./record_reader.ts";
import type { Store, StoreOptions } from "./store.ts";

/** A removal record. */
export interface RemovalRecord {
  /** Its name. */
  readonly name: string;
  /** The attempt that wrote it. */
  readonly by: number;
  /** What it names. */
  readonly refs: readonly ManifestRef[];
}

/** What an attempt's start tells of removal records. */
type Started = Pick<AttemptInfo, "attempt" | "parent" | "removals">;

/**
 * Whether a removal record is withdrawn, or would be had its attempt not died before that.
 *
 * A newer attempt that had looked before the record was there says so, or starts from what the record
 * names, which nobody does who has seen it. Whoever wrote the record then finds that attempt when he
 * looks behind it, and removes nothing.
 */
export function isWithdrawn(
  { name, by, refs }: RemovalRecord,
  attempts: readonly Started[],
): boolean {
  return attempts.some(({ attempt, parent, removals }) =>
    attempt > by && (
      removals?.includes(name) === false ||
      parent !== undefined && refs.some((ref) => isSameRef(ref, parent))
    )
  );
}

/** Where attempts newer than one start from, and what was being removed then, as far as they have recorded it. */
export async function parentsAfter(
  store: Store,
  by: number,
  options: StoreOptions,
): Promise<readonly Started[]> {
  const found: Started[] = [];
  const pace = new Pace();
  for (const name of await store.list(FOLDERS.attempts, options)) {
    const { attempt = 0, isParent = false } = parseAttemptName(name) ?? {};
    if (!isParent || attempt <= by) continue;
    await pace.turn();
    try {
      const bytes = await readRecord(store, parentName(attempt), MAX_RECORD_BYTES, options);
      if (bytes !== undefined) found.push({ attempt, ...decodeParent(attempt, bytes) });
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
    }
  }
  return found;
}
