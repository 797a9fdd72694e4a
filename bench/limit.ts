/**
 * The limit: bare loops of the same system calls, without Tidemark's code. What they take no store of
 * the same promises can undercut.
 */

import { Buffer } from "node:buffer";
import { join } from "@std/path";
import { BLOCK_BYTES } from "./data.ts";

const PIECE_BYTES = 8 * 1024 * 1024;

/** Syncs a folder, so that its entries outlive a power cut. */
export function syncFolder(path: string): void {
  using folder = Deno.openSync(path, { read: true });
  folder.syncSync();
}

/** Writes a new file in pieces, and syncs it, but not its folder. */
export function writeSynced(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  for (let at = 0; at < bytes.byteLength;) {
    at += file.writeSync(bytes.subarray(at, at + PIECE_BYTES));
  }
  file.syncDataSync();
}

/** Commits an object as a store does: written under another name, synced, linked, its folder synced. */
export function commit(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  writeSynced(temporary, bytes);
  Deno.linkSync(temporary, path);
  syncFolder(join(path, ".."));
  Deno.removeSync(temporary);
}

/** Saves as a checkpoint is saved: a pack, its folder, and a manifest of this many bytes. */
export function save(folder: string, name: string, bytes: Uint8Array, manifest: number): void {
  writeSynced(join(folder, `${name}.pack`), bytes);
  syncFolder(folder);
  commit(join(folder, `${name}.cbor`), new Uint8Array(manifest));
}

/** Reads a file into fresh memory. */
export function readWhole(path: string): Uint8Array<ArrayBuffer> {
  using file = Deno.openSync(path, { read: true });
  const bytes = new Uint8Array(file.statSync().size);
  for (let at = 0; at < bytes.byteLength;) {
    const read = file.readSync(bytes.subarray(at, at + PIECE_BYTES));
    if (read === null) throw new Error(`${path} is shorter than it was`);
    at += read;
  }
  return bytes;
}

/** Reads a part of a file into fresh memory. */
export function readPart(path: string, offset: number, length: number): Uint8Array<ArrayBuffer> {
  using file = Deno.openSync(path, { read: true });
  file.seekSync(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) throw new Error(`${path} is shorter than it was`);
    at += read;
  }
  return bytes;
}

/** Compares two arrays block by block, copies the blocks that differ, and gives how many those were. */
export function compareAndCopy(from: Uint8Array, to: Uint8Array): number {
  let copied = 0;
  for (let at = 0; at < from.byteLength; at += BLOCK_BYTES) {
    const block = from.subarray(at, at + BLOCK_BYTES);
    const kept = to.subarray(at, at + BLOCK_BYTES);
    if (Buffer.compare(block, kept) === 0) continue;
    kept.set(block);
    copied++;
  }
  return copied;
}
