/**
 * The thread that writes and commits large saves, so that the job's own thread need not.
 *
 * @module
 */
import {
  type CommitFailure,
  FilesCommit,
  type FilesCommitted,
  type FilesToCommit,
} from "./commit_files.ts";
import type { StorePoint } from "./file_commit.ts";
import { fillMemory, type MemoryToFill } from "./fill_memory.ts";
import { fillPack } from "./fill_pack.ts";
import { syncAhead } from "./sync_ahead.ts";
import { threadFiles } from "./thread_files.ts";
import { withSums } from "./unsummed.ts";

/** What the thread is asked. */
export type ThreadRequest =
  /** To commit files; what is not in shared memory is copied on the way. */
  | { readonly id: number; readonly commit: FilesToCommit; readonly asksAtPoints: boolean }
  /** To read blocks into shared memory. */
  | { readonly id: number; readonly fill: MemoryToFill }
  /** To go on after a point, or to fail there. */
  | { readonly id: number; readonly goOn: boolean };

/** An error on its way between threads. */
export interface ToldError {
  /** Its class. */
  readonly name: string;
  /** What it says. */
  readonly message: string;
  /** The system's code. */
  readonly code?: string;
}

/** What the thread answers. */
export type ThreadAnswer =
  | { readonly id: number; readonly committed: FilesCommitted }
  | {
    readonly id: number;
    readonly failure: Omit<CommitFailure, "error">;
    readonly error: ToldError;
  }
  /** How many of the blocks are there. */
  | { readonly id: number; readonly filled: number }
  /** A point is reached: may it go on? */
  | { readonly id: number; readonly point: StorePoint; readonly path: string };

/** What the thread is given, from Node's modules and of this library's functions. */
interface Given {
  readonly crc32: (bytes: Uint8Array, sum?: number) => number;
  readonly createHash: (name: string) => {
    update(bytes: Uint8Array): { digest(): Uint8Array };
  };
  readonly setImmediate: (run: () => void) => unknown;
  readonly FilesCommit: typeof FilesCommit;
  readonly fillMemory: typeof fillMemory;
  readonly fillPack: typeof fillPack;
  readonly syncAhead: typeof syncAhead;
  readonly threadFiles: typeof threadFiles;
  readonly withSums: typeof withSums;
}

/**
 * The source of a module for a `Worker`: it runs from its own text and imports Node's modules only,
 * so that it needs no permission beyond those to write and read the files it is asked for.
 */
export function threadSource(): string {
  const own = { FilesCommit, fillMemory, fillPack, syncAhead, threadFiles, withSums };
  const given = Object.entries(own).map(([name, text]) => `${name}: ${text.toString()}`);
  return [
    `import { createHash } from "node:crypto";`,
    `import { setImmediate } from "node:timers";`,
    `import { crc32 } from "node:zlib";`,
    `(${thread.toString()})({ crc32, createHash, setImmediate, ${given.join(",\n")} });`,
  ].join("\n");
}

/** The thread. It runs from its text, so that it uses nothing from around it. */
function thread(
  { crc32, createHash, FilesCommit, fillMemory, fillPack, withSums, threadFiles, ...ahead }: Given,
): void {
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<ThreadRequest>) => void;
    postMessage: (message: ThreadAnswer) => void;
  };
  const told = (error: unknown): ToldError => {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const code = (error as { code?: unknown } | null)?.code;
    return { name, message, ...typeof code === "string" ? { code } : {} };
  };
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  const files = threadFiles(ahead);
  /** Goes on once the job's thread has seen the point. */
  let goOn = (_: boolean): void => {};
  const commit = async (id: number, request: FilesToCommit, asksAtPoints: boolean) => {
    const committing = new FilesCommit(request, {
      ...files,
      fillPack: (file, blocks) => fillPack(file, blocks, crc32),
      withSums: (record, sums) => withSums(record, sums, sha256),
      point: async (point, path) => {
        if (!asksAtPoints) return;
        const going = Promise.withResolvers<boolean>();
        goOn = going.resolve;
        scope.postMessage({ id, point, path });
        if (!await going.promise) throw new Error("it was stopped there");
      },
    });
    const result = await committing.run();
    if (!("failed" in result)) return scope.postMessage({ id, committed: result });
    const { error, ...failure } = result;
    scope.postMessage({ id, failure, error: told(error) });
  };

  let last: Promise<void> = Promise.resolve();
  scope.onmessage = ({ data }) => {
    if ("goOn" in data) return goOn(data.goOn);
    last = last.then(async () => {
      if ("commit" in data) await commit(data.id, data.commit, data.asksAtPoints);
      else scope.postMessage({ id: data.id, filled: fillMemory(data.fill, crc32) });
    });
  };
}
