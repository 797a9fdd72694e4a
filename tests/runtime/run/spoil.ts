/** Damages what is saved. */
import { assert } from "@std/assert";
import type { Store } from "../../../storage/mod.ts";

/** Flips one byte in the middle of an object. */
export async function spoil(world: { store(): Store }, prefix: string): Promise<string[]> {
  const store = world.store();
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const names = (await store.list(folder)).filter((name) => name.startsWith(prefix));
  assert(names.length > 0, `nothing under ${prefix}`);
  for (const name of names) {
    const bytes = await store.get(name);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await store.remove([name]);
    await store.put(name, bytes, { durability: "none" });
  }
  return names;
}
