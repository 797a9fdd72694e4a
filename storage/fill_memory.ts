/**
 * Reads blocks into memory that threads share.
 *
 * @module
 */

/** A block, and where it goes. */
export interface BlockToRead {
  /** The path of its pack. */
  readonly path: string;
  /** Where it begins there. */
  readonly offset: number;
  /** How long it is. */
  readonly length: number;
  /** What its CRC-32 should be. */
  readonly crc32: number;
}

/** Memory that is to be filled. */
export interface MemoryToFill {
  /** The memory, which threads share. */
  readonly memory: Uint8Array;
  /** The blocks, one behind another. */
  readonly blocks: readonly BlockToRead[];
}

/**
 * Fills memory with blocks up to the first that is not what it should be; gives how many those are.
 * From time to time it lets other work of its thread go on.
 *
 * It runs from its text too, so that it uses nothing from around it.
 *
 * @param crc32 The CRC-32 of bytes.
 * @param turn Lets the event loop turn once so many bytes were moved.
 */
export async function fillMemory(
  { memory, blocks }: MemoryToFill,
  crc32: (bytes: Uint8Array) => number,
  turn: (bytes: number) => Promise<void>,
): Promise<number> {
  let file: Deno.FsFile | undefined;
  let path: string | undefined;
  let at = 0;
  let done = 0;
  try {
    for (const block of blocks) {
      if (block.path !== path) {
        file?.close();
        file = undefined;
        file = Deno.openSync(block.path, { read: true });
        path = block.path;
      }
      const into = memory.subarray(at, at + block.length);
      file?.seekSync(block.offset, Deno.SeekMode.Start);
      for (let read = 0; read < into.byteLength;) {
        const count = file?.readSync(into.subarray(read)) ?? 0;
        if (count <= 0) return done;
        read += count;
      }
      if (crc32(into) !== block.crc32) return done;
      at += block.length;
      done++;
      await turn(block.length);
    }
    return done;
  } catch {
    // What cannot be read is written again, which mends it.
    return done;
  } finally {
    file?.close();
  }
}
