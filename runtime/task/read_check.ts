/**
 * Finds tasks that change what they only read.
 *
 * @module
 */
import { accessesOf } from "../../dsl/access.ts";
import type { AnyTask, AnyToken } from "../../dsl/mod.ts";
import { cloneValue, firstDifference } from "../../storage/mod.ts";
import { UndeclaredWriteError } from "../errors.ts";

/** What a task read under a key. */
interface ReadCopy {
  readonly key: string;
  readonly before: unknown;
  readonly now: unknown;
  /** What is to be done where it has changed. */
  readonly mend: string;
}

/** Keeps copies of what a task reads, to compare them with what is there after it. */
export class ReadCheck {
  readonly #copies: ReadCopy[] = [];

  /** Copies the inputs that are blobs without a codec. */
  constructor(readonly task: AnyTask, readonly node: string, inputs: Record<string, unknown>) {
    for (const [key, part] of Object.entries(task.declaration.reads)) {
      const tokens = [part].flat() as readonly AnyToken[];
      if (tokens.every(isPlainBlob)) {
        const isDerived = tokens.flatMap((token) => accessesOf(token, this.node))
          .some(({ blob }) => blob.derived);
        const mend = isDerived ? COPY : DECLARE;
        this.#copies.push({ key, before: cloneValue(inputs[key]), now: inputs[key], mend });
      }
    }
  }

  /**
   * Compares.
   *
   * @throws {UndeclaredWriteError} Where the task changed something, with the blob and the place in it.
   */
  compare(): void {
    for (const { key, before, now, mend } of this.#copies) {
      const difference = firstDifference(before, now);
      if (difference === undefined) continue;
      const { path, left, right } = difference;
      throw new UndeclaredWriteError(
        `it changed "${key}"${path === "" ? "" : ` at ${path}`} from ${left} to ${right}, ` +
          `but only reads it: ${mend}`,
      );
    }
  }
}

const DECLARE = "move it from reads to updates, or its change would not be saved";
const COPY =
  "let it change a copy, as what is derived is made again on a resume, without its change";

function isPlainBlob(token: AnyToken): boolean {
  if (token.kind === "blob") return token.codec === undefined;
  if (token.kind === "previous" || token.kind === "optional") return token.blob.codec === undefined;
  return token.kind === "from" || token.kind === "gather"
    ? token.blob.codec === undefined
    : token.kind === "cursor";
}
