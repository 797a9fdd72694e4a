import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  CheckpointStore,
  DamagedError,
  FileStore,
  MemoryStore,
  StoreError,
  UnsupportedVersionError,
} from "../../storage/mod.ts";
import { joinBytes } from "../../storage/record_cbor.ts";
import { encodeRecord } from "../../storage/record_writer.ts";
import { type RecordKind, seal } from "../../storage/seal.ts";
import { altered, MANIFEST, readAll, sample } from "./damaged_store.ts";
import { begin, objects, overriding, request, RUN, save, START } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

function isDamage(error: unknown): boolean {
  return error instanceof DamagedError || error instanceof UnsupportedVersionError;
}

Deno.test("every single bit flip in a small store is detected or harmless", async () => {
  const { store } = await sample();
  const expected = await readAll(store);
  const all = await objects(store);
  let flips = 0;
  let detected = 0;
  const harmless = new Map<string, number>();
  for (const [name, bytes] of all) {
    // Reading goes through the whole store each time, so the flip is made beneath it.
    const flipped = bytes.slice();
    const under = overriding(store, {
      open: async (asked, options) => {
        if (asked !== name) return await store.open(asked, options);
        const readAt = (offset: number, into: Uint8Array) => {
          into.set(flipped.subarray(offset, offset + into.byteLength));
          return Promise.resolve(into.byteLength);
        };
        return { byteLength: flipped.byteLength, readAt, [Symbol.dispose]: () => {} };
      },
      get: (asked, options) =>
        asked === name ? Promise.resolve(flipped.slice()) : store.get(asked, options),
    });
    const step = name.endsWith(".pack") ? 37 : 1;
    for (let bit = 0; bit < bytes.length * 8; bit += step) {
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      flips++;
      try {
        assertEquals(await readAll(under), expected, `${name}, bit ${bit}`);
        harmless.set(name, (harmless.get(name) ?? 0) + 1);
      } catch (error) {
        if (!isDamage(error)) throw error;
        detected++;
      }
      flipped[bit >> 3]! ^= 1 << (bit & 7);
    }
  }
  assert(flips > 10_000 && detected > 10_000, `${flips} flips, ${detected} detected`);
  // Only the heads between a pack's blocks may change without anyone noticing.
  assertEquals([...harmless.keys()].filter((name) => !name.endsWith(".pack")), []);
  assert([...harmless.values()].every((count) => count <= 3));
});

Deno.test("every truncation, and anything behind the end, is detected", async () => {
  const { store } = await sample();
  const expected = await readAll(store);
  for (const [name, bytes] of await objects(store)) {
    const lengths = name.endsWith(".pack") ? [0, 1, 4102] : bytes.keys();
    for (const length of lengths) {
      const cut = await altered(store, { [name]: bytes.slice(0, length) });
      const error = await assertRejects(() => readAll(cut), DamagedError);
      assert(error.expected !== "" && error.found !== "");
    }
    const longer = await altered(store, { [name]: joinBytes([bytes, Uint8Array.of(0)]) });
    if (name.endsWith(".pack")) assertEquals(await readAll(longer), expected);
    else await assertRejects(() => readAll(longer), DamagedError);
  }
});

Deno.test("missing, empty and swapped objects are detected", async () => {
  const { store, manifest } = await sample();
  const all = await objects(store);
  const pack = manifest.packs[0]!;
  const gone = await assertRejects(async () => {
    await readAll(await altered(store, { [pack]: undefined }));
  }, DamagedError);
  assertEquals([gone.object, gone.found], [pack, "no such object"]);
  const zeros = new Uint8Array(all.get(pack)!.length);
  await assertRejects(
    async () => await readAll(await altered(store, { [pack]: zeros })),
    DamagedError,
  );
  const swapped = { [MANIFEST]: all.get("epochs/e000000.a000001.cbor")! };
  const error = await assertRejects(
    async () => await readAll(await altered(store, swapped)),
    DamagedError,
  );
  assertStringIncludes(error.message, "its own manifest");
  const records = { "attempts/000001.cbor": all.get("attempts/000001.parent.cbor")! };
  await assertRejects(async () => await readAll(await altered(store, records)), DamagedError);
});

Deno.test("a cheap check finds missing and short packs, a full one altered bytes", async () => {
  const { store, manifest } = await sample();
  const pack = manifest.packs[0]!;
  const bytes = await store.get(pack);
  const check = async (changed: Uint8Array | undefined, full: boolean) => {
    const opened = await CheckpointStore.open(await altered(store, { [pack]: changed }));
    await opened.check(manifest, { full });
  };
  await assertRejects(() => check(undefined, false), DamagedError);
  await assertRejects(() => check(bytes.slice(0, -1), false), DamagedError);
  const flipped = bytes.with(100, bytes[100]! ^ 1);
  await check(flipped, false);
  await assertRejects(() => check(flipped, true), DamagedError, "CRC-32");
});

Deno.test("an object that is too large is not read", async () => {
  const { store } = await sample();
  const huge = overriding(store, {
    stat: (name) => name === MANIFEST ? Promise.resolve({ byteLength: 2 ** 40 }) : store.stat(name),
    get: (name, options) => {
      if (name === MANIFEST) throw new Error("it was read");
      return store.get(name, options);
    },
  });
  await assertRejects(() => readAll(huge), DamagedError, "at most 67108864 bytes");
});

Deno.test("a damaged parent record is made up for by what the attempt saved", async () => {
  const store = new MemoryStore();
  const opened = await CheckpointStore.open(store);
  const first = await begin(opened);
  const zero = await save(first, 0);
  await save(first, 1);
  const second = await begin(opened, zero);
  await save(second, 1);
  const third = await begin(opened, second.last);
  const changed = await altered(store, {
    "attempts/000002.parent.cbor": Uint8Array.of(1, 2, 3),
    "attempts/000003.parent.cbor": new Uint8Array(),
  });
  const { line, damaged } = await (await CheckpointStore.open(changed)).history();
  assertEquals(line.map(({ epoch, attempt }) => [epoch, attempt]), [[0, 1], [1, 2]]);
  assertEquals(damaged.map(({ object }) => object).sort(), [
    "attempts/000002.parent.cbor",
    "attempts/000003.parent.cbor",
  ]);
  assertEquals(third.number, 3);
});

Deno.test("a read that fails is no damage", async () => {
  const { store, manifest } = await sample();
  for (const op of ["stat", "get", "open", "list"] as const) {
    const fail = () => Promise.reject(new StoreError(op, "x", "EIO"));
    const broken = overriding(store, { [op]: fail });
    const error = await assertRejects(() => readAll(broken), StoreError);
    assert(!(error instanceof DamagedError));
  }
  assertEquals(manifest.epoch, 1);
});

Deno.test("a folder that is a file is left as it was", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "checkpoints");
  await Deno.writeTextFile(path, "not a folder");
  await assertRejects(() => CheckpointStore.open(new FileStore(path)), StoreError, "not a folder");
  assertEquals(await Deno.readTextFile(path), "not a folder");
});

Deno.test("values that cannot be saved fail before anything is written", async () => {
  const store = new MemoryStore();
  const attempt = await (await CheckpointStore.open(store)).begin(START);
  await attempt.recordParent(undefined);
  const before = await objects(store);
  const run = { ...RUN, stamps: { "main/x": () => 1 } };
  await assertRejects(() => attempt.save(request({ epoch: 0, run })));
  await assertRejects(() => {
    const params = { bad: "\ud800" };
    return attempt.save(request({ epoch: 0, run: { ...RUN, params } }));
  }, RangeError);
  assertEquals(await objects(store), before);
});

Deno.test("messages show what is long in a hostile record in part", async () => {
  const { store } = await sample();
  const long = "x".repeat(60_000);
  const parts = ["tidemark.job", 1].map((value) => encodeRecord(value));
  const fields = ["job", "job", "createdAtMs", 1, long, 1].map((value) => encodeRecord(value));
  const sealed = joinBytes([Uint8Array.of(0x84), ...parts, Uint8Array.of(0xa3), ...fields]);
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", sealed));
  const hostile = [
    joinBytes([sealed, Uint8Array.of(0x58, 32), sum]),
    seal(long as RecordKind, new Map()),
  ];
  for (const bytes of hostile) {
    const changed = await altered(store, { "job.cbor": bytes });
    const error = await assertRejects(() => CheckpointStore.open(changed), DamagedError);
    assert(error.message.length < 2000, `${error.message.length}`);
  }
});
