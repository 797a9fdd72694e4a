/**
 * Reads texts.
 *
 * @module
 */

const LONGEST_SHORT = 40;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of UTF-8.
 *
 * @throws {TypeError} Where it is none.
 */
export function decodeText(bytes: Uint8Array): string {
  return UTF8.decode(bytes as Uint8Array<ArrayBuffer>);
}

/** A short text that is ASCII, without the cost of calling a decoder; `undefined` for all others. */
export function decodeShortText(
  bytes: Uint8Array,
  from: number,
  length: number,
): string | undefined {
  if (length > LONGEST_SHORT) return undefined;
  const end = from + length;
  let bits = 0;
  for (let at = from; at < end; at++) bits |= bytes[at] ?? 0;
  if (bits >= 0x80) return undefined;
  let text = "";
  let at = from;
  for (; at + 4 <= end; at += 4) {
    text += String.fromCharCode(
      bytes[at] ?? 0,
      bytes[at + 1] ?? 0,
      bytes[at + 2] ?? 0,
      bytes[at + 3] ?? 0,
    );
  }
  for (; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}
