/**
 * WTF-8: UTF-8 that also has the halves of surrogate pairs, which strings may hold and UTF-8 may not.
 *
 * @module
 */

/** A string's code points as bytes, surrogates among them (WTF-8). */
export function encodeWtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | code >> 6, 0x80 | code & 63);
    else if (code < 0x1_0000) {
      bytes.push(0xe0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63);
    } else {
      bytes.push(
        0xf0 | code >> 18,
        0x80 | code >> 12 & 63,
        0x80 | code >> 6 & 63,
        0x80 | code & 63,
      );
    }
  }
  return Uint8Array.from(bytes);
}

/** The string of such bytes; `undefined` where they are none, or plain UTF-8 would do. */
export function decodeWtf8(bytes: Uint8Array): string | undefined {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let code = size === 1 ? first : first & (0x7f >> size);
    if (at + size > bytes.length || first >= 0xf8 || (first & 0xc0) === 0x80) return undefined;
    for (let next = 1; next < size; next++) {
      const byte = bytes[at + next] ?? 0;
      if ((byte & 0xc0) !== 0x80) return undefined;
      code = code << 6 | byte & 63;
    }
    if (code > 0x10ffff) return undefined;
    text += String.fromCodePoint(code);
    at += size;
  }
  if (text.isWellFormed()) return undefined;
  return text;
}
