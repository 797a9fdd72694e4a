import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type BlockRef, encodeValue, Snapshot } from "../../storage/mod.ts";
import { BLOCK_BYTES } from "../../storage/manifest.ts";
import { joinBytes } from "../../storage/record_cbor.ts";

/** Some refs, each block its own. */
function refs(byteLength: number, pack: string): BlockRef[] {
  const count = Math.ceil(byteLength / BLOCK_BYTES);
  return Array.from({ length: count }, (_, index) => ({
    ...{ pack, offset: index * BLOCK_BYTES, crc32: 0 },
    length: Math.min(BLOCK_BYTES, byteLength - index * BLOCK_BYTES),
  }));
}

const bytesOf = (parts: readonly Uint8Array[]) => joinBytes(parts);

Deno.test("a block is known once its manifest is committed, and until it changes", () => {
  const values = new Uint8Array(3 * BLOCK_BYTES + 10);
  const snapshot = new Snapshot();
  const none = [undefined, undefined, undefined, undefined];
  assertEquals(snapshot.update(encodeValue(values)).known, none);
  // The save failed: nothing was committed.
  assertEquals(snapshot.update(encodeValue(values)).known, none);
  const first = refs(values.byteLength, "first");
  snapshot.committed(first);
  assertEquals(snapshot.update(encodeValue(values)).known, first);
  values[BLOCK_BYTES] = 1;
  values[values.length - 1] = 1;
  const changed = [first[0], undefined, first[2], undefined];
  assertEquals(snapshot.update(encodeValue(values)).known, changed);
  // Put back before anything was committed: what is on disk is not what the snapshot was compared with.
  values[BLOCK_BYTES] = 0;
  assertEquals(snapshot.update(encodeValue(values)).known, changed);
});

Deno.test("what was handed over does not change with the value", () => {
  const values = new Uint8Array(BLOCK_BYTES).fill(1);
  const { encoded } = new Snapshot().update(encodeValue(values));
  values.fill(2);
  assertEquals(bytesOf(encoded.parts), new Uint8Array(BLOCK_BYTES).fill(1));
});

Deno.test("bytes that were read back are compared with", () => {
  const values = new Uint8Array(2 * BLOCK_BYTES).fill(3);
  const snapshot = new Snapshot();
  const saved = refs(values.byteLength, "saved");
  snapshot.adopt(values.slice(), saved);
  values[0] = 4;
  assertEquals(snapshot.update(encodeValue(values)).known, [undefined, saved[1]]);
});

const MIB = 1024 * 1024;

Deno.test("a large value grows and shrinks in the memory that it has, which is shared", () => {
  const snapshot = new Snapshot();
  const bufferOf = (blocks: number) =>
    snapshot.update(encodeValue(new Uint8Array(blocks * BLOCK_BYTES))).encoded.parts[0]?.buffer;
  assert(bufferOf(2) instanceof ArrayBuffer);
  const first = bufferOf(4);
  assert(first instanceof SharedArrayBuffer);
  for (const blocks of [1, 5, 3, 32]) assertStrictEquals(bufferOf(blocks), first);
  assertEquals(first.byteLength, 32 * BLOCK_BYTES);
  snapshot.clear();
  assertEquals(snapshot.update(encodeValue(new Uint8Array(BLOCK_BYTES))).known, [undefined]);
  assertStrictEquals(bufferOf(1), first);
});

Deno.test("small values lie in ordinary memory: there may be more of them than mappings", () => {
  const snapshots = Array.from({ length: 70_000 }, () => new Snapshot());
  for (const snapshot of snapshots) {
    const [part] = snapshot.update(encodeValue(new Uint8Array(10))).encoded.parts;
    assert(part?.buffer instanceof ArrayBuffer);
  }
});

Deno.test("what a thread fills is shared, however small it is", async () => {
  const snapshot = new Snapshot();
  await snapshot.fill(refs(10, "saved"), (memory) => {
    assert(memory.buffer instanceof SharedArrayBuffer);
    return Promise.resolve(1);
  });
});

Deno.test("where address space is short, less is reserved before a snapshot is given up", () => {
  const real = SharedArrayBuffer;
  let most = Infinity;
  class Short extends SharedArrayBuffer {
    constructor(byteLength: number, options?: { readonly maxByteLength?: number }) {
      if ((options?.maxByteLength ?? byteLength) > most) throw new RangeError("no memory");
      super(byteLength, options);
    }
  }
  globalThis.SharedArrayBuffer = Short as SharedArrayBufferConstructor;
  try {
    const value = encodeValue(new Uint8Array(2 * MIB));
    for (const [limit, reserved] of [[16, 16], [15, 4], [3, 2]] as const) {
      most = limit * MIB;
      const [part] = new Snapshot().update(value).encoded.parts;
      const { buffer } = part ?? {};
      assert(buffer instanceof SharedArrayBuffer);
      assertEquals(buffer.maxByteLength, reserved * MIB);
    }
    most = MIB;
    assertThrows(() => new Snapshot().update(value), RangeError, "no memory");
  } finally {
    globalThis.SharedArrayBuffer = real;
  }
});

/** A blob's bytes in several epochs: sizes around the ends of blocks, and changes here and there. */
const arbitraryEpochs = fc.array(
  fc.record({
    byteLength: fc.oneof(
      fc.integer({ min: 0, max: 3 }).map((blocks) => blocks * BLOCK_BYTES),
      fc.integer({ min: 0, max: 3 * BLOCK_BYTES }),
    ),
    changes: fc.array(fc.nat(3 * BLOCK_BYTES), { maxLength: 3 }),
    isCommitted: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

Deno.test("whatever changes, the known blocks and the written ones together are the value", () => {
  fc.assert(fc.property(arbitraryEpochs, (epochs) => {
    const snapshot = new Snapshot();
    const disk = new Map<BlockRef, Uint8Array>();
    let bytes = new Uint8Array();
    for (const [epoch, { byteLength, changes, isCommitted }] of epochs.entries()) {
      const next = new Uint8Array(byteLength);
      next.set(bytes.subarray(0, byteLength));
      for (const at of changes) if (at < byteLength) next[at] = (next[at] ?? 0) + 1;
      bytes = next;
      const { encoded, known } = snapshot.update(encodeValue(bytes));
      const handed = bytesOf(encoded.parts);
      assertEquals(handed, bytes);
      const fresh = refs(byteLength, `${epoch}`);
      const entry = fresh.map((ref, index) => {
        const start = index * BLOCK_BYTES;
        const block = handed.slice(start, start + ref.length);
        const lies = known[index];
        if (lies !== undefined) {
          assertEquals(disk.get(lies), block);
          return lies;
        }
        disk.set(ref, block);
        return ref;
      });
      if (isCommitted) snapshot.committed(entry);
    }
  }));
});
