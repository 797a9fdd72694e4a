/**
 * The calls by which the thread that writes makes files.
 *
 * @module
 */
import type { CommitCalls } from "./commit_files.ts";
import type { syncAhead } from "./sync_ahead.ts";

/** What those calls are made with. */
interface Given {
  readonly syncAhead: typeof syncAhead;
  readonly setImmediate: (run: () => void) => unknown;
}

/**
 * Makes files by synchronous calls: nobody else waits for this thread.
 *
 * It runs from its text too, so that it uses nothing from around it.
 */
export function threadFiles(
  { syncAhead, setImmediate }: Given,
): Pick<CommitCalls, "create" | "link" | "remove" | "syncFolder" | "exists"> {
  return {
    create(path, sync) {
      const file = Deno.openSync(path, { write: true, createNew: true });
      const ahead = syncAhead(path, setImmediate);
      return {
        async write(bytes) {
          const count = file.writeSync(bytes);
          if (sync) await ahead.written(count);
          return count;
        },
        async sync() {
          file.syncDataSync();
          await ahead.end();
        },
        async close() {
          file.close();
          await ahead.end();
        },
      };
    },
    link: Deno.linkSync,
    remove: Deno.removeSync,
    syncFolder(path) {
      using folder = Deno.openSync(path, { read: true });
      folder.syncSync();
    },
    exists(path) {
      try {
        Deno.lstatSync(path);
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    },
  };
}
