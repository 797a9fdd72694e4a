/**
 * Commits packs and the record that names them, in any store.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { ObjectExistsError, StoreError, UnknownOutcomeError } from "./errors.ts";
import { encodeHead } from "./record_cbor.ts";
import { sealWith } from "./seal.ts";
import type { CommitOutcome, CommitRequest, PackToWrite, Store, WriteOptions } from "./store.ts";

/**
 * Does what {@linkcode Store.commit} does, also in a store without it.
 *
 * @throws What that throws.
 */
export async function commit(
  store: Store,
  request: CommitRequest,
  options: WriteOptions,
): Promise<Required<CommitOutcome>> {
  const startedMs = performance.now();
  const outcome = store.commit === undefined
    ? await writeAndPut(store, request, options)
    : withAllSums(store, request, await store.commit(request, options));
  // A thread that a task keeps busy hears late of what another has done.
  return { durationMs: performance.now() - startedMs, ...outcome };
}

/** Commits where a store has no way of its own: those are elsewhere, and wait more than they compute. */
async function writeAndPut(
  store: Store,
  request: CommitRequest,
  options: WriteOptions,
): Promise<CommitOutcome> {
  request.onAside?.();
  const { packs, record } = request;
  const sums = packs.flatMap(({ blocks }) => blocks.map(sumOf));
  const written: string[] = [];
  try {
    for (const pack of packs) {
      written.push(pack.name);
      await store.write(pack.name, partsOf(pack), options);
    }
    if (record === undefined) return { sums, isSuperseded: false };
    await putRecord(store, record.name, sealWith(record.content, sums), options);
  } catch (error) {
    if (!(error instanceof UnknownOutcomeError)) await discardPacks(store, written);
    throw error;
  }
  try {
    return { sums, isSuperseded: await store.stat(record.newer, options) !== undefined };
  } catch (error) {
    const why = `nobody can tell whether ${record.name} counts`;
    throw new UnknownOutcomeError("look at", record.newer, why, { cause: error });
  }
}

/** Refuses what a store of somebody else's gives: a record with sums that are made up names damaged blocks. */
function withAllSums(
  store: Store,
  { packs, record }: CommitRequest,
  outcome: CommitOutcome,
): CommitOutcome {
  const count = packs.reduce((sum, { blocks }) => sum + blocks.length, 0);
  if (outcome.sums.length === count) return outcome;
  const why = `${store.place} gave ${outcome.sums.length} sums of ${count} blocks: mend its commit`;
  if (record === undefined) throw new StoreError("write", packs[0]?.name ?? store.place, why);
  throw new UnknownOutcomeError("commit", record.name, why);
}

async function putRecord(
  store: Store,
  name: string,
  bytes: Uint8Array,
  options: WriteOptions,
): Promise<void> {
  try {
    await store.put(name, bytes, options);
  } catch (error) {
    throw error instanceof ObjectExistsError ? committedBefore(name, error) : error;
  }
}

/** What it means that a record is there already: each is committed by one caller only, once. */
export function committedBefore(record: string, cause: ObjectExistsError): UnknownOutcomeError {
  const why = "it is there already, by a commit whose outcome was not known";
  return new UnknownOutcomeError("commit", record, why, { cause });
}

/** Removes packs that no record will name; what stays is garbage, which harms nobody. */
export async function discardPacks(store: Store, packs: readonly string[]): Promise<void> {
  try {
    await store.remove(packs, { durability: "none" });
  } catch {
    // The failure that led here is the one to report.
  }
}

/** A pack's bytes: its blocks, and the heads between them. */
function* partsOf({ blocks }: PackToWrite): Iterable<Uint8Array> {
  for (const parts of blocks) {
    yield encodeHead(2, parts.reduce((sum, part) => sum + part.byteLength, 0));
    yield* parts;
  }
}

function sumOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), 0);
}
