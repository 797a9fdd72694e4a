import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  CheckpointStore,
  DamagedError,
  FileStore,
  UnsupportedVersionError,
  WrongJobError,
} from "../../storage/mod.ts";
import { encodeManifest } from "../../storage/manifest_codec.ts";
import {
  decodeRecord,
  encodeHead,
  joinBytes,
  type RecordValue,
} from "../../storage/record_cbor.ts";
import { unseal } from "../../storage/seal.ts";
import { MANIFEST } from "./damaged_store.ts";
import { begin, noise, objects, save, value } from "./sample.ts";
import { temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

/** A record's value, or bytes that stand where one should. */
type Tree = null | boolean | number | string | Uint8Array | Raw | Tree[] | Map<string, Tree>;

/** Bytes that are written as they are, CBOR or not. */
class Raw {
  constructor(readonly bytes: Uint8Array) {}
}

/** Writes a tree with no check at all. */
function encodeTree(tree: Tree): Uint8Array {
  if (tree instanceof Raw) return tree.bytes;
  if (tree instanceof Uint8Array) return joinBytes([encodeHead(2, tree.length), tree]);
  if (typeof tree === "string") {
    const bytes = new TextEncoder().encode(tree);
    return joinBytes([encodeHead(3, bytes.length), bytes]);
  }
  if (typeof tree === "boolean") return Uint8Array.of(tree ? 0xf5 : 0xf4);
  if (tree === null) return Uint8Array.of(0xf6);
  if (Array.isArray(tree)) return joinBytes([encodeHead(4, tree.length), ...tree.map(encodeTree)]);
  if (typeof tree === "number") {
    const isInteger = Number.isSafeInteger(tree) && !Object.is(tree, -0);
    if (isInteger) return tree >= 0 ? encodeHead(0, tree) : encodeHead(1, -1 - tree);
    const bytes = new Uint8Array(9).fill(0xfb, 0, 1);
    new DataView(bytes.buffer).setFloat64(1, tree);
    return bytes;
  }
  const entries = [...tree].map(([key, value]) => joinBytes([encodeTree(key), encodeTree(value)]));
  return joinBytes([encodeHead(5, entries.length), ...entries]);
}

/** Seals whatever it is as a manifest. */
function sealRaw(body: Uint8Array, head = encodeTree("tidemark.manifest")): Uint8Array {
  const sealed = joinBytes([encodeHead(4, 4), head, encodeHead(0, 1), body]);
  const sum = new Uint8Array(createHash("sha256").update(sealed).digest());
  return joinBytes([sealed, encodeHead(2, 32), sum]);
}

/** All places in a tree, each as what replaces the value there by another in a copy. */
function places(tree: Tree): ((change: (was: Tree) => Tree) => Tree)[] {
  const all: ((change: (was: Tree) => Tree) => Tree)[] = [(change) => change(tree)];
  if (Array.isArray(tree)) {
    tree.forEach((item, index) => {
      for (const place of places(item)) all.push((change) => tree.with(index, place(change)));
    });
  } else if (tree instanceof Map) {
    for (const [key, item] of tree) {
      for (const place of places(item)) {
        all.push((change) => new Map(tree).set(key, place(change)));
      }
    }
  }
  return all;
}

const NUMBERS = [
  ...[-1, 0, 1, 3, 4, 23, 24, 255, 4100, 4101, 262_143, 262_144, 262_145, 2 ** 31, 2 ** 32 - 1],
  ...[2 ** 32, 2 ** 40, 2 ** 50, 2 ** 53 - 1, -(2 ** 53) + 1, 0.5, -0, NaN, Infinity, 1e300],
];
const NAMES = [
  ...["../../secret", "/etc/passwd", "packs/../../secret", "packs/a000001/../../job.cbor", ""],
  ...["packs/a000001/e000001.main.\0.pack", MANIFEST, "__proto__", "constructor", "x".repeat(300)],
  ...[`packs/a000001/e000001...${"0".repeat(32)}.pack`, "job.cbor", "absent", "inline", "toString"],
  ...[`packs/a999999999/e000001.x.${"0".repeat(32)}.pack`, "packs\\a000001\\..\\..\\secret"],
];
/** Heads that claim what is not there, tags, indefinite lengths, and nesting without an end. */
const RAWS = [
  ...[[0x9f], [0xbf], [0xff], [0x5f], [0x7f], [0xf7], [0xc0, 0], [0xd9, 1, 3, 0x80], [0x18, 1], []],
  ...[2, 3, 4, 5].flatMap((major) => [10, 2 ** 32 - 1, 2 ** 40].map((n) => encodeHead(major, n))),
  ...[[0x3b, 255, 255, 255, 255, 255, 255, 255, 255], [0x63, 0xff, 0xfe, 0xfd], [0xf9, 0, 0]],
  ...[0x81, 0xa1, 0xc1].map((head) => new Uint8Array(100_000).fill(head)),
].map((bytes) => new Raw(Uint8Array.from(bytes)));

const leaf: fc.Arbitrary<Tree> = fc.oneof(
  fc.constantFrom<Tree>(...NUMBERS),
  fc.constantFrom<Tree>(...NAMES),
  fc.constantFrom<Tree>(...RAWS),
  fc.constantFrom<Tree>(null, true, false, [], new Map(), new Uint8Array(), new Uint8Array(5000)),
  fc.uint8Array({ maxLength: 40 }),
);

/** What may become of a value: another, several of it, more or less of it, or it at another place. */
const change: fc.Arbitrary<(was: Tree) => Tree> = fc.oneof(
  leaf.map((now) => () => now),
  fc.integer({ min: -3, max: 3 }).map((by) => (was: Tree) =>
    typeof was === "number" ? was + by : was
  ),
  fc.nat({ max: 40 }).map((count) => (was: Tree) =>
    Array.isArray(was) ? Array(count).fill(was[0] ?? 0) : [was]
  ),
  fc.tuple(fc.constantFrom(...NAMES), leaf).map(([key, now]) => (was: Tree) =>
    was instanceof Map ? new Map(was).set(key, now) : new Map([[key, was]])
  ),
  fc.nat().map((at) => (was: Tree) => {
    if (was instanceof Map) return new Map([...was].filter((_, index) => index !== at % was.size));
    if (Array.isArray(was)) return was.filter((_, index) => index !== at % was.length);
    if (was instanceof Uint8Array && was.length > 0) return was.with(at % was.length, at >> 8);
    return was;
  }),
);

const TYPED = [DamagedError, UnsupportedVersionError, WrongJobError];
const TRAPPED = ["ArrayBuffer", "Uint8Array", "Float32Array", "Float64Array"] as const;

/** Counts the bytes that a run asks for by a number, in `new Uint8Array(n)` and the like. */
async function allocated(run: () => Promise<void>): Promise<number> {
  const real = TRAPPED.map((name) => [name, globalThis[name]] as const);
  let total = 0;
  for (const [name, type] of real) {
    const unit = "BYTES_PER_ELEMENT" in type ? type.BYTES_PER_ELEMENT : 1;
    const trap: object = new Proxy<object>(type, {
      construct: (target, args: unknown[], self) => {
        if (typeof args[0] === "number") total += args[0] * unit;
        if (total > 2 ** 28) throw new Error(`${total} bytes asked for`);
        return Reflect.construct(target as typeof type, args, self === trap ? type : self);
      },
    });
    Object.assign(globalThis, { [name]: trap });
  }
  try {
    await run();
  } finally {
    Object.assign(globalThis, Object.fromEntries(real));
  }
  return total;
}

/** A store in a folder, with something outside that nobody may read, and a manifest to replace. */
async function target() {
  const folder = await temporaryFolder();
  const root = join(folder.path, "job");
  await Deno.writeFile(join(folder.path, "secret"), noise(9000));
  const fileSystem = watchedFileSystem(({ op, path }) => {
    const isInside = path === root || path.startsWith(`${root}/`);
    if (!isInside || path.includes("..")) throw new Error(`${op} of ${path}, outside the folder`);
  });
  const plain = new FileStore(root);
  const attempt = await begin(await CheckpointStore.open(plain, { job: "job" }));
  await save(attempt, 0);
  await save(attempt, 1, {
    main: { data: value(noise(4100)), long: value(noise(270_000)), small: value([1, "two"]) },
    other: { array: value(new Float32Array(9)), none: { absent: true }, text: value("x") },
  }, { metrics: { "main/small": 2 } });
  const bytes = await plain.get(MANIFEST);
  const all = [...(await objects(plain)).values()];
  const body = unseal("manifest", MANIFEST, bytes) as unknown as Map<string, Tree>;
  const size = all.reduce((sum, { length }) => sum + length, 0);

  /** Reads what lies there; gives whether it is taken for good. */
  const tryBytes = async (manifest: Uint8Array): Promise<boolean> => {
    await Deno.writeFile(join(root, MANIFEST), manifest);
    let isGood = false;
    const asked = await allocated(async () => {
      try {
        const store = await CheckpointStore.open(new FileStore(root, { fileSystem }), {
          job: "job",
        });
        const found = await store.readManifest({ epoch: 1, attempt: 1, phase: "epoch" });
        await store.readBlobs(found, () => true);
        await store.check(found, { full: true });
        encodeManifest(found);
        isGood = true;
      } catch (error) {
        if (!TYPED.some((type) => error instanceof type)) throw error;
      }
    });
    // What is on disk, once for the packs and a few times for the records; and a block for checking.
    assert(asked < 2 * size + 8 * manifest.length + 600_000, `${asked} bytes asked for`);
    return isGood;
  };
  return { folder, body, bytes, tryBytes };
}

Deno.test("manifests with any parts altered, and sealed again, are read or are damage", async () => {
  const { folder, body, bytes, tryBytes } = await target();
  await using _ = folder;
  assertEquals(sealRaw(encodeTree(body)), new Uint8Array(bytes));
  assert(await tryBytes(sealRaw(encodeTree(body))));
  const counts = { good: 0, refused: 0 };
  const steps = fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      let tree: Tree = body;
      for (const [at, alter] of steps) {
        const all = places(tree);
        tree = all[at % all.length]!(alter);
      }
      counts[await tryBytes(sealRaw(encodeTree(tree))) ? "good" : "refused"]++;
    }),
    { numRuns: 1500, seed: 3 },
  );
  console.log("altered manifests:", counts);
  assert(counts.good > 20 && counts.refused > 500);
});

Deno.test("each of the worst values at each place of a manifest", async () => {
  const { folder, body, tryBytes } = await target();
  await using _ = folder;
  const worst: Tree[] = [2 ** 40, -1, "../../secret", ...RAWS.slice(-1), RAWS[12]!];
  const all = places(body);
  let tried = 0;
  for (const place of all) {
    for (const now of worst) {
      await tryBytes(sealRaw(encodeTree(place(() => now))));
      tried++;
    }
  }
  console.log(`${tried} manifests with one of the worst values in one of ${all.length} places`);
});

Deno.test("records with bytes altered, cut or doubled, and sealed again", async () => {
  const { folder, body, tryBytes } = await target();
  await using _ = folder;
  const plain = encodeTree(body);
  const edit = fc.record({
    at: fc.nat(),
    cut: fc.nat({ max: 9 }),
    put: fc.uint8Array({ maxLength: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(edit, async ({ at, cut, put }) => {
      const start = at % plain.length;
      const edited = joinBytes([plain.subarray(0, start), put, plain.subarray(start + cut)]);
      try {
        decodeRecord(edited) satisfies RecordValue;
      } catch {
        assertEquals(await tryBytes(sealRaw(edited)), false);
        return;
      }
      await tryBytes(sealRaw(edited));
    }),
    { numRuns: 600, seed: 4 },
  );
});

Deno.test("blobs of many nodes that lie over each other ask for no more than there is", async () => {
  const { folder, body, tryBytes } = await target();
  await using _ = folder;
  const nodes = body.get("nodes") as Map<string, Map<string, Tree>>;
  const long = nodes.get("main")!.get("long")!;
  const inOne = new Map(Array.from({ length: 200 }, (_, index) => [`b${1000 + index}`, long]));
  const one = new Map<string, Tree>([["main", inOne]]);
  assertEquals(await tryBytes(sealRaw(encodeTree(new Map(body).set("nodes", one)))), false);
  const many = new Map<string, Tree>([...inOne].map(([name]) => [name, new Map([["long", long]])]));
  assertEquals(await tryBytes(sealRaw(encodeTree(new Map(body).set("nodes", many)))), false);
});
