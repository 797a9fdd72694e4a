/**
 * What a command ends with.
 *
 * @module
 */
import { FencedError } from "../../storage/mod.ts";
import { JobChangedError, MigrationError } from "../change/errors.ts";
import { DerivedChangedError } from "../derived/errors.ts";
import { JobHeldError, StoppedError } from "../errors.ts";

/** What a command ends with. */
export const EXIT = {
  finished: 0,
  failed: 1,
  usage: 2,
  stopped: 75,
  held: 76,
  changed: 78,
} as const;

/** The exit code for an error: by the first in the chain of its causes that has one of its own. */
export function exitCodeOf(error: unknown): number {
  let inner = error;
  for (let depth = 0; inner instanceof Error && depth < 5; depth++, inner = inner.cause) {
    if (inner instanceof StoppedError) return EXIT.stopped;
    if (inner instanceof FencedError || inner instanceof JobHeldError) return EXIT.held;
    const isChange = inner instanceof JobChangedError || inner instanceof DerivedChangedError ||
      inner instanceof MigrationError;
    if (inner === error && isChange) return EXIT.changed;
  }
  return EXIT.failed;
}
