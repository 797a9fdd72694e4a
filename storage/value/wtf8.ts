/**
 * WTF-8: UTF-8 that also has the halves of surrogate pairs, which strings may hold and UTF-8 may not.
 *
 * @module
 */

/** A string's code points as bytes, surrogates among them (WTF-8). */
export function encodeWtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(3 * text.length);
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index) ?? 0;
    if (code < 0x80) bytes[at++] = code;
    else if (code < 0x800) {
      bytes[at++] = 0xc0 | code >> 6;
      bytes[at++] = 0x80 | code & 63;
    } else if (code < 0x1_0000) {
      bytes[at++] = 0xe0 | code >> 12;
      bytes[at++] = 0x80 | code >> 6 & 63;
      bytes[at++] = 0x80 | code & 63;
    } else {
      index++;
      bytes[at++] = 0xf0 | code >> 18;
      bytes[at++] = 0x80 | code >> 12 & 63;
      bytes[at++] = 0x80 | code >> 6 & 63;
      bytes[at++] = 0x80 | code & 63;
    }
  }
  return bytes.slice(0, at);
}

/**
 * The string of such bytes; `undefined` where they are none, are not as {@linkcode encodeWtf8} writes
 * them, or plain UTF-8 would do.
 */
export function decodeWtf8(bytes: Uint8Array): string | undefined {
  const units: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let code = size === 1 ? first : first & (0x7f >> size);
    for (let next = 1; next < size; next++) code = code << 6 | (bytes[at + next] ?? 0) & 63;
    if (code > 0x10ffff) return undefined;
    units.push(String.fromCodePoint(code));
    at += size;
  }
  const text = units.join("");
  // Bytes that are not in the one right form come out as others.
  const again = encodeWtf8(text);
  const isSame = again.length === bytes.length && again.every((byte, at) => byte === bytes[at]);
  return isSame && !text.isWellFormed() ? text : undefined;
}
