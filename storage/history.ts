/**
 * What is saved at a place: attempts, and checkpoints by line.
 *
 * @module
 */
import { decodeParent, MAX_RECORD_BYTES } from "./job_record.ts";
import {
  FOLDERS,
  type ManifestRef,
  parentName,
  parseAttemptName,
  parseManifestName,
} from "./layout.ts";
import { type AttemptInfo, computeLines, type Lines } from "./line.ts";
import { readRecord } from "./record_reader.ts";
import type { Store, StoreOptions } from "./store.ts";

/** What is saved at a place. */
export interface History extends Lines {
  /** The attempts, oldest first. */
  readonly attempts: readonly AttemptInfo[];
}

/** Lists what is saved; no manifest is read. */
export async function readHistory(store: Store, options: StoreOptions): Promise<History> {
  const attempts = await readAttempts(store, options);
  const manifests = await listManifests(store, options);
  return { attempts, ...computeLines(attempts, manifests) };
}

/** The highest attempt that was begun; 0 where none was. */
export async function highestAttempt(store: Store, options: StoreOptions): Promise<number> {
  let highest = 0;
  for (const name of await store.list(FOLDERS.attempts, options)) {
    highest = Math.max(highest, parseAttemptName(name)?.attempt ?? 0);
  }
  return highest;
}

/** All manifests that are there, by their names. */
export async function listManifests(store: Store, options: StoreOptions): Promise<ManifestRef[]> {
  const names = [
    ...await store.list(FOLDERS.epochs, options),
    ...await store.list(FOLDERS.phases, options),
  ];
  return names.map(parseManifestName).filter((ref) => ref !== undefined);
}

async function readAttempts(store: Store, options: StoreOptions): Promise<AttemptInfo[]> {
  const numbers = new Set<number>();
  const started = new Set<number>();
  for (const name of await store.list(FOLDERS.attempts, options)) {
    const parsed = parseAttemptName(name);
    if (parsed === undefined) continue;
    numbers.add(parsed.attempt);
    if (parsed.isParent) started.add(parsed.attempt);
  }
  const infos: AttemptInfo[] = [];
  for (const attempt of [...numbers].sort((a, b) => a - b)) {
    const bytes = started.has(attempt)
      ? await readRecord(store, parentName(attempt), MAX_RECORD_BYTES, options)
      : undefined;
    const parent = bytes === undefined ? undefined : decodeParent(attempt, bytes);
    infos.push({ attempt, isStarted: bytes !== undefined, parent });
  }
  return infos;
}
