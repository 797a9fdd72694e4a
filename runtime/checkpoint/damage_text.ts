/**
 * What is wrong with what was saved, where whoever tells of it knows better than the error what to do.
 *
 * @module
 */
import { DamagedError } from "../../storage/mod.ts";

/** What should be there, and what is; of another error what it says. */
export function damageText(error: Error): string {
  if (!(error instanceof DamagedError)) return error.message;
  const { object, expected, found } = error;
  return `"${object}" should have ${expected}, but has ${found}`;
}
