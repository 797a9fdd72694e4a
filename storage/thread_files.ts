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
  /** Lets the event loop turn once so many bytes were moved. */
  readonly turn: (bytes: number) => Promise<void>;
}

/**
 * Makes files by synchronous calls, which are quicker. Only syncs, which may take seconds, are made
 * aside: a heart may have to beat meanwhile.
 *
 * It runs from its text too, so that it uses nothing from around it.
 */
export function threadFiles(
  { syncAhead, setImmediate, turn }: Given,
): Pick<CommitCalls, "create" | "link" | "remove" | "syncFolder" | "exists"> {
  return {
    create(path, sync) {
      const file = Deno.openSync(path, { write: true, createNew: true });
      const ahead = syncAhead(path, setImmediate);
      return {
        async write(bytes) {
          const count = file.writeSync(bytes);
          await turn(count);
          if (sync) await ahead.written(count);
          return count;
        },
        async sync() {
          await file.syncData();
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
    async syncFolder(path) {
      using folder = Deno.openSync(path, { read: true });
      await folder.sync();
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
