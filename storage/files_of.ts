/**
 * Which files a `file:` store commits for what it is asked to.
 *
 * @module
 */
import type { FilesToCommit, PackFile, RecordFile } from "./commit_files.ts";
import type { FileGround } from "./file_ground.ts";
import type { PackToWrite, WriteOptions } from "./store.ts";
import type { UnsummedRecord } from "./unsummed.ts";

/** To hand over less than this to a thread costs more than it saves. */
const THREAD_BYTES = 1024 * 1024;
/** What threads do not share is copied on the way, whole buffers of it: small ones, and not more than this of them. */
const MOST_COPIED_BYTES = 64 * 1024 * 1024;
const LARGEST_COPY_BYTES = 2 * 1024 * 1024;

/** What is committed together. */
export interface FilesRequest {
  /** The packs. */
  readonly packs: readonly PackToWrite[];
  /** The record. */
  readonly record?: {
    /** Its name. */
    readonly name: string;
    /** What it says. */
    readonly content: Uint8Array | UnsummedRecord;
    /** What would supersede it. */
    readonly newer?: string;
  };
  /** As of {@linkcode CommitRequest}. */
  readonly onAside?: (() => void) | undefined;
}

/**
 * Makes the folders, and gives the files.
 *
 * @throws {PromiseError} Where the store does not have that durability.
 * @throws {StoreError} Where a folder cannot be made.
 */
export async function filesOf(
  ground: FileGround,
  { packs, record }: FilesRequest,
  options: WriteOptions,
): Promise<FilesToCommit> {
  const made: PackFile[] = [];
  const folders = new Set<string>();
  let sync = false;
  for (const { name, blocks, isDisposable } of packs) {
    const { path, folder, durability } = await ground.prepare(name, options);
    folders.add(folder);
    sync = durability === "power";
    made.push({ path, blocks, isDisposable });
  }
  const written = { packs: made, folders: [...folders] };
  if (record === undefined) return { ...written, record: undefined, sync };
  const { path, folder, durability, links } = await ground.prepare(record.name, options);
  const file: RecordFile = {
    ...{ path, folder, content: record.content },
    temporary: links ? ground.temporary(folder) : undefined,
    newer: record.newer === undefined ? undefined : ground.place.path(record.newer.split("/")),
  };
  return { ...written, record: file, sync: durability === "power" };
}

/**
 * Whether a thread of its own is to write files: there is so much of it at least, and little of that has
 * to be copied.
 */
export function isForThread(
  { packs }: FilesToCommit,
  leastBytes: number = THREAD_BYTES,
): boolean {
  let bytes = 0;
  let copiedBytes = 0;
  const copied = new Set<ArrayBufferLike>();
  for (const { blocks, isDisposable } of packs) {
    for (const { buffer, byteLength } of blocks.flat()) {
      bytes += byteLength;
      const isGiven = isDisposable === true || buffer instanceof SharedArrayBuffer;
      if (isGiven || copied.has(buffer)) continue;
      if (buffer.byteLength > LARGEST_COPY_BYTES) return false;
      copied.add(buffer);
      copiedBytes += buffer.byteLength;
    }
  }
  return bytes >= leastBytes && copiedBytes <= MOST_COPIED_BYTES;
}
