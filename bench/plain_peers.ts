/** Peers that need nothing but Deno and the system: `dd`, cbor-x and `v8.serialize`. */

import { encode } from "cbor-x/encode";
import { serialize } from "node:v8";
import { join } from "@std/path";
import { syncFolder } from "./limit.ts";
import { outputOf } from "./machine.ts";

/** Removes what a peer left, and lets the file system finish that before the next is measured. */
export async function clear(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  syncFolder(join(path, ".."));
}

/** The system's own copy out of memory, in 8 MiB blocks, synced; `false` where there is no `dd`. */
export async function ddSave(path: string, bytes: number): Promise<boolean> {
  const block = Math.min(bytes, 8 * 1024 * 1024);
  const said = await outputOf("dd", [
    ...["if=/dev/zero", `of=${path}`, `bs=${block}`, `count=${Math.round(bytes / block)}`],
    "conv=fsync",
  ]);
  if (said !== undefined) syncFolder(join(path, ".."));
  return said !== undefined;
}

/** One CBOR value in one file, synced. */
export async function cborSave(path: string, weights: Float32Array): Promise<void> {
  await writeFileSynced(path, encode({ weights }));
}

/** One value of V8's own format in one file, synced. */
export async function v8Save(path: string, weights: Float32Array): Promise<void> {
  await writeFileSynced(path, serialize({ weights }));
}

async function writeFileSynced(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.writeFile(path, bytes);
  {
    using file = await Deno.open(path, { read: true, write: true });
    await file.sync();
  }
  syncFolder(join(path, ".."));
}
