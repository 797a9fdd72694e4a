/**
 * The thread that writes and commits large saves, so that the job's own thread need not, and lets
 * others see that the job's process lives.
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
import { beatHeart, type Heartbeat } from "./heartbeat.ts";
import { syncAhead } from "./sync_ahead.ts";
import { threadFiles } from "./thread_files.ts";
import { withSums } from "./unsummed.ts";

/** What the thread is asked. */
export type ThreadRequest =
  /** To commit files; what is not in shared memory is copied on the way. */
  | { readonly id: number; readonly commit: FilesToCommit; readonly asksAtPoints: boolean }
  /** To read blocks into shared memory. */
  | { readonly id: number; readonly fill: MemoryToFill }
  /** To touch a file every so often … */
  | { readonly id: number; readonly beat: Heartbeat }
  /** … and to touch it no more. */
  | { readonly id: number; readonly isOver: true }
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

/** Where the thread hears and answers. */
export interface ThreadScope {
  /** Is called with what it is asked. */
  onmessage: (event: Pick<MessageEvent<ThreadRequest>, "data">) => void;
  /** Answers. */
  postMessage(message: ThreadAnswer): void;
}

/** What the thread is given, from Node's modules and of this library's functions. */
export interface ThreadGiven {
  readonly scope: ThreadScope;
  readonly crc32: (bytes: Uint8Array, sum?: number) => number;
  readonly createHash: (name: string) => {
    update(bytes: Uint8Array): { digest(): Uint8Array };
  };
  readonly setImmediate: (run: () => void) => unknown;
  readonly FilesCommit: typeof FilesCommit;
  readonly beatHeart: typeof beatHeart;
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
  const own = { FilesCommit, beatHeart, fillMemory, fillPack, syncAhead, threadFiles, withSums };
  const given = Object.entries(own).map(([name, text]) => `${name}: ${text.toString()}`);
  return [
    `import { createHash } from "node:crypto";`,
    `import { setImmediate } from "node:timers";`,
    `import { crc32 } from "node:zlib";`,
    `const scope = globalThis;`,
    `(${writeThread.toString()})({ scope, crc32, createHash, setImmediate, ${
      given.join(",\n")
    } });`,
  ].join("\n");
}

/** The thread. It runs from its text, so that it uses nothing from around it. */
export function writeThread(
  { scope, crc32, createHash, setImmediate, ...own }: ThreadGiven,
): void {
  /** Messages and timers wait for the bytes of a few milliseconds only. */
  const TURN_BYTES = 8 * 1024 * 1024;
  let moved = 0;
  const turn = async (bytes: number): Promise<void> => {
    moved += bytes;
    if (moved < TURN_BYTES) return;
    moved = 0;
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const told = (error: unknown): ToldError => {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const code = (error as { code?: unknown } | null)?.code;
    return { name, message, ...typeof code === "string" ? { code } : {} };
  };
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  const files = own.threadFiles({ syncAhead: own.syncAhead, setImmediate, turn });
  /** Goes on once the job's thread has seen the point. */
  let goOn = (_: boolean): void => {};
  const commit = async (id: number, request: FilesToCommit, asksAtPoints: boolean) => {
    const committing = new own.FilesCommit(request, {
      ...files,
      fillPack: (file, blocks) => own.fillPack(file, blocks, crc32),
      withSums: (record, sums) => own.withSums(record, sums, sha256),
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
  const fill = async (id: number, request: MemoryToFill) => {
    scope.postMessage({ id, filled: await own.fillMemory(request, crc32, turn) });
  };

  let [commits, fills]: Promise<void>[] = [Promise.resolve(), Promise.resolve()];
  const hearts = new Map<number, () => void>();
  scope.onmessage = ({ data }) => {
    const { id } = data;
    if ("goOn" in data) goOn(data.goOn);
    else if ("beat" in data) hearts.set(id, own.beatHeart(data.beat));
    else if ("isOver" in data) hearts.get(id)?.();
    else if ("commit" in data) {
      commits = commits?.then(() => commit(id, data.commit, data.asksAtPoints));
    } else fills = fills?.then(() => fill(id, data.fill));
  };
}
