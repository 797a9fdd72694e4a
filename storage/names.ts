/**
 * The names of objects: safe as file names on every system, and never outside their store.
 *
 * @module
 */
import { InvalidNameError } from "./errors.ts";

const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;
const LONGEST_NAME = 500;
const MOST_PARTS = 8;

/**
 * Checks an object's name, and gives its parts.
 *
 * A name has 1 to 8 parts separated by `/`; a part has 1 to 200 letters, digits, `_`, `-` and `.`,
 * starts with a letter, digit or `_`, does not end with a dot, and is not reserved on Windows.
 *
 * @example
 * ```ts
 * import { checkName } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(checkName("epochs/e000001.a000001.cbor"), ["epochs", "e000001.a000001.cbor"]);
 * ```
 *
 * @throws {InvalidNameError} Where it is not a safe name.
 */
export function checkName(name: string): readonly string[] {
  if (name.length > LONGEST_NAME) {
    throw new InvalidNameError(name, `it has more than ${LONGEST_NAME} characters`);
  }
  const parts = name.split("/");
  if (parts.length > MOST_PARTS) {
    throw new InvalidNameError(name, `it has more than ${MOST_PARTS} parts`);
  }
  for (const part of parts) {
    if (!PART.test(part) || part.endsWith(".") || RESERVED.test(part)) {
      throw new InvalidNameError(name, `its part "${part}" is not a file name on every system`);
    }
  }
  return parts;
}

/** Whether a string is a safe object name, as {@linkcode checkName} has it. */
export function isName(name: string): boolean {
  try {
    checkName(name);
    return true;
  } catch (error) {
    if (error instanceof InvalidNameError) return false;
    throw error;
  }
}

/**
 * Checks a prefix (`""`, or a name with a `/` behind it), and gives the name without its `/`.
 *
 * @throws {InvalidNameError} Where it is not one.
 */
export function checkPrefix(prefix: string): string {
  if (prefix === "") return "";
  if (!prefix.endsWith("/")) {
    throw new InvalidNameError(prefix, `a prefix is empty, or ends in "/"`);
  }
  const folder = prefix.slice(0, -1);
  checkName(folder);
  return folder;
}
