/**
 * Writes a pack: a CBOR sequence of byte strings, one for each block.
 *
 * @module
 */
import type { FileToFill } from "./commit_files.ts";

/**
 * Writes blocks into a file, and sums them.
 *
 * It runs from its text too, so that it uses nothing from around it.
 *
 * @param blocks The bytes of each block, in one or more parts of less than 4 GiB together.
 * @param crc32 Continues a CRC-32.
 * @returns The CRC-32 of each block, and how many bytes were written.
 */
export async function fillPack(
  file: FileToFill,
  blocks: readonly (readonly Uint8Array[])[],
  crc32: (bytes: Uint8Array, sum: number) => number,
): Promise<{ readonly sums: readonly number[]; readonly byteLength: number }> {
  // Smaller parts are gathered until they are as long: to copy more costs more than the calls that it saves.
  const GATHER_BYTES = 64 * 1024;
  const gathered = new Uint8Array(GATHER_BYTES);
  const sums: number[] = [];
  let held = 0;
  let byteLength = 0;

  const headOf = (length: number): Uint8Array => {
    if (length < 24) return Uint8Array.of(0x40 | length);
    if (length < 0x100) return Uint8Array.of(0x58, length);
    if (length < 0x1_0000) return Uint8Array.of(0x59, length >> 8, length & 255);
    const [a, b, c, d] = [length >>> 24, length >> 16, length >> 8, length];
    return Uint8Array.of(0x5a, a, b & 255, c & 255, d & 255);
  };
  const writeAll = async (bytes: Uint8Array): Promise<void> => {
    for (let done = 0; done < bytes.byteLength;) {
      const count = await file.write(bytes.subarray(done));
      if (count <= 0) throw new Error(`a write took ${count} bytes`);
      done += count;
    }
    byteLength += bytes.byteLength;
  };
  const flush = async (): Promise<void> => {
    if (held > 0) await writeAll(gathered.subarray(0, held));
    held = 0;
  };
  const add = async (bytes: Uint8Array): Promise<void> => {
    if (held + bytes.byteLength > GATHER_BYTES) await flush();
    if (bytes.byteLength > GATHER_BYTES) return await writeAll(bytes);
    gathered.set(bytes, held);
    held += bytes.byteLength;
  };

  for (const parts of blocks) {
    await add(headOf(parts.reduce((sum, part) => sum + part.byteLength, 0)));
    let sum = 0;
    for (const part of parts) {
      sum = crc32(part, sum);
      await add(part);
    }
    sums.push(sum);
  }
  await flush();
  return { sums, byteLength };
}
