/**
 * Finds tasks that change what they only read.
 *
 * @module
 */
import type { AnyTask, AnyToken } from "../../dsl/mod.ts";
import { cloneValue, firstDifference } from "../../storage/mod.ts";
import { UndeclaredWriteError } from "../errors.ts";

/** Keeps copies of what a task reads, to compare them with what is there after it. */
export class ReadCheck {
  readonly #copies: { readonly key: string; readonly before: unknown; readonly now: unknown }[] =
    [];

  /** Copies the inputs that are blobs without a codec. */
  constructor(readonly task: AnyTask, readonly node: string, inputs: Record<string, unknown>) {
    for (const [key, part] of Object.entries(task.declaration.reads)) {
      const tokens = [part].flat() as readonly AnyToken[];
      if (tokens.every(isPlainBlob)) {
        this.#copies.push({ key, before: cloneValue(inputs[key]), now: inputs[key] });
      }
    }
  }

  /**
   * Compares.
   *
   * @throws {UndeclaredWriteError} Where the task changed something, with the blob and the place in it.
   */
  compare(): void {
    for (const { key, before, now } of this.#copies) {
      const difference = firstDifference(before, now);
      if (difference === undefined) continue;
      const { path, left, right } = difference;
      throw new UndeclaredWriteError(
        `it changed "${key}"${path === "" ? "" : ` at ${path}`} from ${left} to ${right}, ` +
          `but only reads it: move it from reads to updates, or its change would not be saved`,
      );
    }
  }
}

function isPlainBlob(token: AnyToken): boolean {
  if (token.kind === "blob") return token.codec === undefined;
  if (token.kind === "previous" || token.kind === "optional") return token.blob.codec === undefined;
  return token.kind === "from" || token.kind === "gather"
    ? token.blob.codec === undefined
    : token.kind === "cursor";
}
