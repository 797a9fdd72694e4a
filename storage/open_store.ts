/**
 * Opens a store by its place.
 *
 * @module
 */
import { fromFileUrl, isAbsolute, join } from "@std/path";
import { PlaceError } from "./errors.ts";
import type { FileStoreOptions } from "./file_options.ts";
import { FileStore } from "./file_store.ts";
import { MemoryStore } from "./memory_store.ts";
import type { Store } from "./store.ts";

/** What {@linkcode openStore} may be given. */
export interface OpenStoreOptions extends FileStoreOptions {
  /** The folder at which a relative path starts; the working folder where not given. */
  readonly base?: string;
}

type Kind = (path: string, options: OpenStoreOptions) => Store;

const KINDS: Readonly<Record<string, Kind>> = {
  file: (path, options) => new FileStore(filePath(path, options.base), options),
  memory: (path) => new MemoryStore(path),
};

/**
 * Opens the store of a place such as `"file:checkpoints/digits"` or `"memory:digits"`. Nothing is
 * read or made yet.
 *
 * @example
 * ```ts
 * import { openStore } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const store = openStore("memory:open-store-example");
 * await store.put("greeting.cbor", new Uint8Array([0x62, 0x68, 0x69]), { durability: "none" });
 * assertEquals((await store.get("greeting.cbor")).length, 3);
 * ```
 *
 * @throws {PlaceError} Where the place has no kind, or one that is not known.
 */
export function openStore(place: string, options: OpenStoreOptions = {}): Store {
  const match = /^([a-z][a-z0-9]*):(.+)$/s.exec(place);
  const known = Object.keys(KINDS).join(", ");
  if (match === null) {
    throw new PlaceError(
      `Cannot parse place "${place}": write a kind (${known}) and a path, as in "file:checkpoints"`,
    );
  }
  const [, kind = "", path = ""] = match;
  const open = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (open === undefined) {
    throw new PlaceError(
      `Unknown kind of store "${kind}" in place "${place}": the known are ${known}`,
    );
  }
  return open(path, options);
}

function filePath(path: string, base: string | undefined): string {
  const plain = path.startsWith("//") ? fromFileUrl(`file:${path}`) : path;
  if (plain.includes("\0")) throw new PlaceError(`A path has no NUL character, but "${plain}" has`);
  return isAbsolute(plain) || base === undefined ? join(plain) : join(base, plain);
}
