import { denoFileSystem, type FileSystem } from "../../storage/mod.ts";

/** One operation on a file system. */
export interface Operation {
  readonly op:
    | "create"
    | "write"
    | "sync"
    | "open"
    | "read"
    | "link"
    | "remove"
    | "makeFolder"
    | "syncFolder"
    | "syncFile"
    | "list"
    | "stat";
  readonly path: string;
}

/** Deno's file system, with a look at each operation before it is done; what `watch` throws fails it. */
export function watchedFileSystem(
  watch: (operation: Operation) => void | Promise<void>,
  inner: FileSystem = denoFileSystem(),
): FileSystem {
  const before = async <T>(op: Operation["op"], path: string, run: () => Promise<T>) => {
    await watch({ op, path });
    return await run();
  };
  return {
    create: async (path) => {
      const file = await before("create", path, () => inner.create(path));
      return {
        write: (bytes) => before("write", path, () => file.write(bytes)),
        sync: () => before("sync", path, () => file.sync()),
        close: () => file.close(),
      };
    },
    open: async (path) => {
      const file = await before("open", path, () => inner.open(path));
      return {
        byteLength: file.byteLength,
        readAt: (offset, into) => before("read", path, () => file.readAt(offset, into)),
        close: () => file.close(),
      };
    },
    link: (from, to) => before("link", to, () => inner.link(from, to)),
    remove: (path) => before("remove", path, () => inner.remove(path)),
    makeFolder: (path) => before("makeFolder", path, () => inner.makeFolder(path)),
    syncFolder: (path) => before("syncFolder", path, () => inner.syncFolder(path)),
    syncFile: (path) => before("syncFile", path, async () => await inner.syncFile?.(path)),
    list: (path) => before("list", path, () => inner.list(path)),
    stat: (path) => before("stat", path, () => inner.stat(path)),
  };
}

/** A folder that is gone in the end. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "tidemark-" });
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await Deno.remove(path, { recursive: true });
    },
  };
}
