/**
 * Finds out which of the small records are damaged, or missing.
 *
 * @module
 */
import type { CheckpointStore } from "./checkpoint_store.ts";
import { toUnreadable, type Unreadable } from "./damage.ts";
import { DamagedError } from "./errors.ts";
import type { History } from "./history.ts";
import { decodeAttempt, MAX_RECORD_BYTES } from "./job_record.ts";
import { attemptName, FOLDERS, parentName, parseAttemptName } from "./layout.ts";
import { Pace } from "./pace.ts";
import { readRecord } from "./record_reader.ts";
import type { StoreOptions } from "./store.ts";

/** A gap of more numbers is told of as one: a stray name may make it of a thousand million. */
const MOST_TOLD = 100;

/**
 * The small records that cannot be read, or are missing: the numbers of attempts have no gaps, and each has recorded
 * where it starts from before it saves.
 */
export async function unreadableRecords(
  store: CheckpointStore,
  { damaged, manifests }: History,
  options: StoreOptions,
): Promise<Unreadable[]> {
  const found = damaged.map(toUnreadable);
  const savers = new Set(manifests.map(({ attempt }) => attempt));
  // Behind what is saved, as whoever has saved was there before, with all whose numbers are lower.
  const attempts = await store.store.list(FOLDERS.attempts, options);
  const there = new Set(attempts);
  for (const attempt of [...savers].sort((a, b) => a - b)) {
    const name = parentName(attempt);
    if (there.has(name)) continue;
    const record = `the record of where attempt ${attempt} starts from`;
    found.push(toUnreadable(new DamagedError(name, record, "nothing")));
  }
  for (const damage of missingRecords(attempts, savers)) found.push(damage);
  const pace = new Pace();
  for (const name of attempts) {
    await pace.turn();
    const parsed = parseAttemptName(name);
    if (parsed === undefined || parsed.isParent) continue;
    try {
      const bytes = await readRecord(store.store, name, MAX_RECORD_BYTES, options);
      if (bytes !== undefined) decodeAttempt(parsed.attempt, bytes);
    } catch (error) {
      found.push(toUnreadable(error));
    }
  }
  return found;
}

/** The records of attempts that are not there, up to the highest of which there is any name, or anything saved. */
function missingRecords(
  names: readonly string[],
  savers: ReadonlySet<number>,
): readonly Unreadable[] {
  const parsed = names.map(parseAttemptName).filter((one) => one !== undefined);
  const there = new Set(parsed.filter(({ isParent }) => !isParent).map(({ attempt }) => attempt));
  const begun = [...parsed.map(({ attempt }) => attempt), ...savers];
  const highest = begun.reduce((most, attempt) => Math.max(most, attempt), 0);
  const found: Unreadable[] = [];
  let next = 1;
  for (const number of [...[...there].sort((a, b) => a - b), highest + 1]) {
    const [from, to] = [next, number - 1];
    next = Math.max(next, number + 1);
    if (to - from < MOST_TOLD) {
      for (let missing = from; missing <= to; missing++) {
        const record = `the record of attempt ${missing}`;
        found.push(toUnreadable(new DamagedError(attemptName(missing), record, "nothing")));
      }
    } else {
      const records = `the records of attempts ${from} to ${to}`;
      found.push(toUnreadable(new DamagedError(attemptName(from), records, "nothing")));
    }
  }
  return found;
}
