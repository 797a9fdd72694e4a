/** What a folder holds, byte for byte. */

import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "@std/path";

/** The SHA-256, size and mode of every file below a path, and the mode of every folder, by path. */
export async function treeOf(path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await visit(path, "", found);
  return found;
}

/** Fails where a file that was there is gone or changed. */
export async function assertKept(
  place: string,
  before: ReadonlyMap<string, string>,
): Promise<void> {
  const after = await treeOf(place);
  for (const [path, digest] of before) assertEquals(after.get(path), digest, path);
}

async function visit(path: string, name: string, found: Map<string, string>): Promise<void> {
  const { isDirectory, mode, size } = await Deno.lstat(path);
  if (!isDirectory) {
    const digest = createHash("sha256").update(await Deno.readFile(path)).digest("hex");
    found.set(name, `${digest} ${size} ${mode}`);
    return;
  }
  found.set(`${name}/`, String(mode));
  const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
  for (const child of names) await visit(join(path, child), `${name}/${child}`, found);
}

/** Copies all that a folder holds into another one. */
export async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyTree(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}
