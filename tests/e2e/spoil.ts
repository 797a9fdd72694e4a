/** Spoils what a job has saved. */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";

/** Changes the bytes of a file. */
export async function rewrite(
  path: string,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array,
): Promise<void> {
  await Deno.writeFile(path, change(await Deno.readFile(path)));
}

/** The pack of the last epoch of a job whose epochs are three. */
export async function packOf(folder: string): Promise<string> {
  const packs = join(folder, "packs", "a000001");
  for await (const { name } of Deno.readDir(packs)) {
    if (name.startsWith("e000003.")) return join(packs, name);
  }
  throw new Error("epoch 3 has no pack");
}

/** The same bytes but for one bit in the middle. */
export function altered(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 0x10;
  return copy;
}

/** The same record under format version 2, with a seal that fits. */
export function newerVersion(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  // An array of four; the kind, a text of less than 24 bytes; the version, one byte.
  const at = 2 + ((copy[1] ?? 0) & 31);
  assertEquals(copy[at], 1);
  copy[at] = 2;
  const sum = createHash("sha256").update(copy.subarray(0, -34)).digest();
  copy.set(sum, copy.length - 32);
  return copy;
}

/** Whether root runs this; asked of the system, since Deno would want one more permission for it. */
export async function isRoot(): Promise<boolean> {
  const { stdout } = await new Deno.Command("id", { args: ["-u"] }).output();
  return new TextDecoder().decode(stdout).trim() === "0";
}
