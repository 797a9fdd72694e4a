/**
 * The thread that sums and writes packs, so that the job's own thread need not.
 *
 * @module
 */

/** What the thread is asked to write. */
export interface ThreadRequest {
  /** Tells answers apart. */
  readonly id: number;
  /** The path of the new file. */
  readonly path: string;
  /** Its blocks, each in one or more parts; what is not in shared memory is copied on the way. */
  readonly blocks: readonly (readonly Uint8Array[])[];
  /** Whether it must outlive a power cut. */
  readonly sync: boolean;
  /** Parts smaller than this are gathered until they are as long; the others are written from where they are. */
  readonly gatherBytes: number;
}

/** What the thread answers. */
export type ThreadAnswer =
  | { readonly id: number; readonly byteLength: number; readonly sums: readonly number[] }
  | {
    readonly id: number;
    readonly error: { readonly name: string; readonly message: string; readonly code?: string };
  };

/**
 * The source of a module for a `Worker`: it runs from its own text and imports nothing but `node:zlib`,
 * so that it needs no permission beyond those to write the files it is asked for.
 */
export function threadSource(): string {
  return `import { crc32 } from "node:zlib";\n(${thread.toString()})(crc32);`;
}

/** The thread. It runs from its text, so that it uses nothing from around it. */
function thread(crc32: (bytes: Uint8Array, sum?: number) => number): void {
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<ThreadRequest>) => void;
    postMessage: (message: ThreadAnswer) => void;
  };

  /** A CBOR byte string's head, of up to 4 GiB, in its shortest form. */
  const headOf = (length: number): Uint8Array => {
    if (length < 24) return Uint8Array.of(0x40 | length);
    if (length < 256) return Uint8Array.of(0x58, length);
    if (length < 65_536) return Uint8Array.of(0x59, length >> 8, length & 255);
    return Uint8Array.of(
      0x5a,
      length >>> 24,
      (length >> 16) & 255,
      (length >> 8) & 255,
      length & 255,
    );
  };

  const write = ({ path, blocks, sync, gatherBytes }: ThreadRequest) => {
    const sums: number[] = [];
    const gathered = new Uint8Array(gatherBytes);
    let held = 0;
    let byteLength = 0;
    using file = Deno.openSync(path, { write: true, createNew: true });
    const writeAll = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.byteLength;) {
        const count = file.writeSync(bytes.subarray(at));
        if (count <= 0) throw new Error(`a write took ${count} bytes`);
        at += count;
      }
    };
    const flush = (): void => {
      if (held > 0) writeAll(gathered.subarray(0, held));
      held = 0;
    };
    const add = (bytes: Uint8Array): void => {
      byteLength += bytes.byteLength;
      if (held + bytes.byteLength > gatherBytes) flush();
      if (bytes.byteLength > gatherBytes) return writeAll(bytes);
      gathered.set(bytes, held);
      held += bytes.byteLength;
    };
    for (const parts of blocks) {
      add(headOf(parts.reduce((sum, part) => sum + part.byteLength, 0)));
      let sum = 0;
      for (const part of parts) {
        sum = crc32(part, sum);
        add(part);
      }
      sums.push(sum);
    }
    flush();
    if (sync) file.syncDataSync();
    return { byteLength, sums };
  };

  scope.onmessage = ({ data }) => {
    const { id } = data;
    try {
      scope.postMessage({ id, ...write(data) });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      const code = (error as { code?: unknown } | null)?.code;
      const told = { name, message, ...typeof code === "string" ? { code } : {} };
      scope.postMessage({ id, error: told });
    }
  };
}
