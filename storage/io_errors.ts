/**
 * What the system's errors mean for a store.
 *
 * @module
 */
import {
  ObjectExistsError,
  ObjectNotFoundError,
  StoreError,
  StoreFullError,
  StorePermissionError,
} from "./errors.ts";
import { permissionAdvice } from "./permission_advice.ts";

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
/** The codes of failures that are about the moment, not about what a file system can do. */
const PASSING: ReadonlySet<string> = new Set([
  ...["EIO", "ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM", "EINTR", "EAGAIN", "EBUSY"],
  ...["ESTALE", "ETIMEDOUT"],
]);
const READS: ReadonlySet<string> = new Set(["read", "list", "look at", "open"]);

/**
 * Turns what a file operation threw into a typed error that says what to do.
 *
 * @param root The folder that a permission flag would name, or one above it that would have to be made.
 */
export function asStoreError(error: unknown, op: string, path: string, root: string): Error {
  const options = { cause: error };
  if (error instanceof StoreError) return error;
  if (error instanceof DOMException && error.name === "AbortError") return error;
  if (error instanceof Deno.errors.NotCapable && /all access/.test(error.message)) {
    const why =
      "Deno permits what lies under /proc, /sys and /dev only to programs that may do all: choose another " +
      "place (--to), or run with --allow-all";
    return new StorePermissionError(op, path, why, "--allow-all", options);
  }
  if (error instanceof Deno.errors.NotCapable) {
    const kind = READS.has(op) || /read access/.test(error.message) ? "read" : "write";
    const { flag, words } = permissionAdvice(kind, root);
    const why =
      `Deno does not permit it: run with ${words}; where that is given, a part of the path is a ` +
      `symbolic link, and Deno asks for what it leads to: permit that`;
    return new StorePermissionError(op, path, why, flag, options);
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    const why = "the system denies it: check the owner and mode of the file and its folders";
    return new StorePermissionError(op, path, why, undefined, options);
  }
  if (error instanceof Deno.errors.AlreadyExists) {
    return new ObjectExistsError(op, path, "it exists, and nothing is overwritten", options);
  }
  if (error instanceof Deno.errors.NotFound) {
    return new ObjectNotFoundError(op, path, "there is no such file", options);
  }
  if (FULL.has(codeOf(error) ?? "")) {
    return new StoreFullError(op, path, "the disk is full: make room, then go on", options);
  }
  if (error instanceof Deno.errors.NotADirectory || codeOf(error) === "ENOTDIR") {
    return new StoreError(
      op,
      path,
      "a part of the path is a file, not a folder: choose another place, or move that file away",
      options,
    );
  }
  return new StoreError(op, path, messageOf(error), options);
}

/** Whether a file system fails for the moment, and may do the same thing later. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(codeOf(error) ?? "");
}

/** The system's code for an error, as in `"EIO"`. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return /\(os error 28\)/.test(error.message) ? "ENOSPC" : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
