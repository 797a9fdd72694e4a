/**
 * What pieces of a task came to before, so that they need not run again.
 *
 * @module
 */
import type { TaskJournal } from "../journal/task_journal.ts";
import type { PieceTry } from "./piece_context.ts";

/** Results of pieces that are known from before, and become known. */
export interface Memo {
  /** The result of a piece that need not run again; `item` is what it is for. */
  readonly recall: (key: string, item: unknown) => { readonly value: unknown } | undefined;
  /** Throws where no result can become known any more, before a piece runs for nothing. */
  readonly check: () => void;
  /** Makes a piece's result known; to be awaited before it is given. */
  readonly record: (key: string, value: unknown, item: unknown) => Promise<void>;
}

/** What a memo is made of. */
export interface MemoOptions {
  /** Where results are recorded. */
  readonly journal: TaskJournal;
  /** The names of a piece. */
  readonly pieceOf: (key: string) => PieceTry["piece"];
  /** The function of the pieces. */
  readonly run: (...args: never[]) => unknown;
  /** Is told of each piece that does not run again. */
  readonly onReuse: (piece: PieceTry["piece"]) => void;
}

/** Makes the memo of the pieces that run one function. */
export function makeMemo({ journal, pieceOf, run, onReuse }: MemoOptions): Memo {
  return {
    recall: (key, item) => {
      const piece = pieceOf(key);
      const known = journal.recall({ piece, run, item });
      if (known !== undefined) onReuse(piece);
      return known;
    },
    check: () => journal.check(),
    record: (key, value, item) => journal.record({ piece: pieceOf(key), run, item }, value),
  };
}
