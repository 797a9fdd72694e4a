/**
 * Results of a task's pieces that are known from before, and become known.
 *
 * @module
 */
import { codeOf } from "../journal/code.ts";
import type { TaskJournal } from "../journal/group_journal.ts";
import type { PieceTry } from "./piece_context.ts";

/** Results of pieces that are known from before, and become known. */
export interface Memo {
  /** The result of a piece that need not run again. */
  readonly recall: (key: string) => { readonly value: unknown } | undefined;
  /** Makes a piece's result known; to be awaited before it is given. */
  readonly record: (key: string, value: unknown) => Promise<void> | undefined;
}

/** What a memo is made of. */
export interface MemoOptions {
  /** What was recorded of the task, and is. */
  readonly journal: TaskJournal;
  /** What a piece is, by its key. */
  readonly pieceOf: (key: string) => PieceTry["piece"];
  /** The function of the pieces: where it was edited, nothing is known of them. */
  readonly run: (...args: never[]) => unknown;
  /** Is told of each piece that need not run again. */
  readonly onReuse: (piece: PieceTry["piece"]) => void;
}

/** Makes a memo of the pieces of one `map`, or of a `step`. */
export function makeMemo({ journal, pieceOf, run, onReuse }: MemoOptions): Memo {
  const code = codeOf(run);
  return {
    recall: (key) => {
      const piece = pieceOf(key);
      const known = journal.recall(JSON.stringify(piece), code);
      if (known !== undefined) onReuse(piece);
      return known;
    },
    record: (key, value) => journal.record(JSON.stringify(pieceOf(key)), code, value),
  };
}
