/** The texts of Linux, which Deno puts in front of the number. */
export const MESSAGES = {
  ENOSPC: "No space left on device (os error 28)",
  EIO: "Input/output error (os error 5)",
  EMFILE: "Too many open files (os error 24)",
};

/** As Deno makes the errors that have no class of their own. */
export function systemError(code: keyof typeof MESSAGES): Error {
  return Object.assign(new Error(MESSAGES[code]), { code });
}
