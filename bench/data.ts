/** The data that is saved, and the ways in which it changes. */

/** The size of a block. */
export const BLOCK_BYTES = 256 * 1024;
/** A mebibyte. */
export const MIB = 1024 * 1024;

/** Numbers that look random and are the same each time. */
export function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Numbers from 0 to 1, which do not compress well, as trained weights do not. */
export function makeWeights(bytes: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(bytes / 4);
  const next = generator(1);
  for (let at = 0; at < values.length; at++) values[at] = next() / 2 ** 32;
  return values;
}

/** Changes every number. */
export function changeAll(values: Float32Array): void {
  for (let at = 0; at < values.length; at++) values[at] = 1 - (values[at] ?? 0) * 0.999;
}

/** How many blocks an array has. */
export function blocksOf(values: Float32Array): number {
  return Math.ceil(values.byteLength / BLOCK_BYTES);
}

/** Changes every number of one block. */
export function changeBlock(values: Float32Array, block: number): void {
  const length = BLOCK_BYTES / 4;
  changeAll(values.subarray(block * length, (block + 1) * length));
}

/** The bytes of an array, without a copy. */
export function bytesOf(values: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Sums all numbers, as integers, so that every byte is read. */
export function sumOf(values: Float32Array): number {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  let [a, b, c, d] = [0, 0, 0, 0];
  const end = words.length & ~3;
  for (let at = 0; at < end; at += 4) {
    a = (a + words[at]!) | 0;
    b = (b + words[at + 1]!) | 0;
    c = (c + words[at + 2]!) | 0;
    d = (d + words[at + 3]!) | 0;
  }
  for (let at = end; at < words.length; at++) a = (a + words[at]!) | 0;
  return (a + b + c + d) | 0;
}
