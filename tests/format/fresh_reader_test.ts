import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cp } from "node:fs/promises";
import { fromFileUrl, join } from "@std/path";
import { createHash } from "node:crypto";
import { encode } from "cbor2";
import {
  CheckpointStore,
  decodeValue,
  encodeValue,
  FileStore,
  firstDifference,
  forkCheckpoint,
  ValueFormatError,
} from "../../storage/mod.ts";
import { GOLDEN } from "../storage/golden/values.ts";
import { begin, noise, save, START, value } from "../storage/sample.ts";
import { temporaryFolder } from "../storage/watched_file_system.ts";
import type { Ref } from "./fresh_bodies.ts";
import { FreshReader, name_of, OtherVersion } from "./fresh_reader.ts";
import { Damage, decode } from "./fresh_values.ts";

const goldens = ["v1", "v1-settled"].map((name) =>
  fromFileUrl(new URL(`../storage/golden/${name}`, import.meta.url))
);

const VALUES: Readonly<Record<string, unknown>> = {
  ...GOLDEN,
  clamped: new Uint8ClampedArray([1, 2]),
  big: new BigInt64Array([1n, -(2n ** 63n)]),
  half: new Float16Array([1.5, NaN]),
  tensor: { shape: [2, 0, 3], data: new Float64Array(0) },
  bytes: noise(5000).buffer,
  inner: { view: new DataView(noise(4).buffer), tensor: { shape: [1], data: new Int8Array(1) } },
  dates: [new Date(0.5e3 + 1), new Date(-1), new Date(8.64e15 - 1), new Date(NaN)],
  text: ["half \ud800, whole 😀 é", "\ud83d", "\udc00\ud800", "\ufeff", ""],
  keys: new Map<unknown, unknown>([[{ a: 1 }, [2]], [NaN, -0], [0, undefined], [-5n, 0n]]),
  object: { 2: "b", 10: "c", a: 1, "\ud800": 2, ["__proto__"]: 3, constructor: 4, shape: 5 },
  bigints: [0n, -1n, 255n, 2n ** 70n, -(2n ** 70n)],
  numbers: [-0, NaN, 1e300, 2 ** 53, -(2 ** 53) + 1, 0.1, -Infinity],
  set: new Set<unknown>(["a", null, new Set([1])]),
  deep: nested(499),
  nothing: undefined,
};

function nested(levels: number): unknown {
  return levels === 0 ? [1n] : [nested(levels - 1)];
}

/** A job of two nodes: a killed epoch 2 was gone back on, and a phase follows. */
async function made(root: string): Promise<CheckpointStore> {
  const store = await CheckpointStore.open(new FileStore(root), { job: "job" });
  const first = await begin(store);
  const start = await save(first, 0, {
    main: Object.fromEntries(Object.entries(VALUES).map(([name, of]) => [name, value(of)])),
    other: {
      unset: { absent: true },
      coded: { encoded: encodeValue(["raw", 1]), codec: true },
      rows: value(noise(700_000, 2)),
    },
  });
  const weights = noise(700_000, 2);
  weights[300_000] = 1;
  const { rows } = start.nodes.other!;
  assert(rows !== undefined && "blocks" in rows);
  const known = rows.blocks.map((block, at) => at === 1 ? undefined : block);
  const encoded = encodeValue(weights);
  await save(first, 1, { other: { rows: { encoded, codec: false, known } } });
  const abandoned = await save(first, 2, { other: { rows: value(noise(3000)) } });
  const second = await begin(store, { epoch: 1, attempt: 1, phase: "epoch" });
  await save(second, 2, { main: { deep: { carry: start.nodes.main!.large! } } });
  await save(second, 2, { other: {} }, { phase: "upload" });
  assertEquals(abandoned.attempt, 1);
  return store;
}

async function assert_same(store: CheckpointStore, root: string): Promise<void> {
  const reader = await FreshReader.open(root);
  const { line, manifests } = await store.history();
  const order = (refs: readonly Ref[]) => refs.map(name_of);
  assertEquals(order(await reader.line()), order(line));
  assertEquals(order(reader.states()).sort(), order(manifests).sort());
  for (const ref of manifests) {
    const restored = await reader.restore(ref);
    const manifest = await store.readManifest(ref);
    const loaded = await store.readBlobs(manifest, () => true);
    assertEquals(Object.keys(restored), Object.keys(manifest.nodes));
    for (const [node, blobs] of Object.entries(manifest.nodes)) {
      assertEquals(Object.keys(restored[node]!), Object.keys(blobs));
      for (const [name, entry] of Object.entries(blobs)) {
        const got = restored[node]![name]!;
        assertEquals("absent" in got, "absent" in entry);
        if ("absent" in got || "absent" in entry) continue;
        assertEquals(got.coded, entry.codec);
        assertEquals(firstDifference(got.value, loaded.get(node)!.get(name)), undefined, name);
      }
    }
  }
  assertEquals(await reader.damage(), []);
}

Deno.test("a second reader restores what the product does, on all lines", async () => {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "job");
  const store = await made(root);
  await assert_same(store, root);
  const { main, other } = await (await FreshReader.open(root)).restore(
    (await store.history()).line[0]!,
  );
  for (const [name, of] of Object.entries(VALUES)) {
    const got = main![name]!;
    assert("value" in got && firstDifference(got.value, of) === undefined, name);
  }
  assertEquals(other!.unset, { absent: true });
  assertEquals(other!.coded, { coded: true, value: ["raw", 1] });
  for (const golden of goldens) {
    await assert_same(await CheckpointStore.open(new FileStore(golden)), golden);
  }
});

Deno.test("a second reader restores a fork, whose packs are its own", async () => {
  await using folder = await temporaryFolder();
  const source = await made(join(folder.path, "job"));
  const root = join(folder.path, "fork");
  const target = await CheckpointStore.open(new FileStore(root), { job: "fork" });
  const manifest = await source.readManifest({ epoch: 1, attempt: 1, phase: "epoch" });
  await forkCheckpoint({ source, manifest, target, record: START });
  await Deno.remove(join(folder.path, "job"), { recursive: true });
  await assert_same(target, root);
});

Deno.test("a second reader goes round damaged and missing parent records", async () => {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "job");
  const store = await made(root);
  await begin(store, { epoch: 1, attempt: 1, phase: "epoch" }); // saves nothing
  // Where the first state of an attempt is removed, the next one's parent is of that attempt.
  await Deno.remove(join(root, "epochs/e000002.a000002.cbor"));
  for (const attempt of ["000003", "000002", "000001"]) {
    await Deno.writeTextFile(join(root, `attempts/${attempt}.parent.cbor`), "torn");
    const { line } = await (await CheckpointStore.open(new FileStore(root))).history();
    const refs = await (await FreshReader.open(root)).line();
    assertEquals(refs.map(name_of), line.map(name_of));
  }
});

Deno.test("a second reader reports each damage, and uses nothing of what is damaged", async () => {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "job");
  await made(root);
  const packs: string[] = [];
  for await (const { name } of Deno.readDir(join(root, "packs/a000001"))) packs.push(name);
  const pack = `packs/a000001/${packs.find((name) => name.startsWith("e000000.other"))}`;
  const state = { epoch: 0, attempt: 1, phase: "epoch" };
  const manifest = "epochs/e000000.a000001.cbor";
  const flip = (at: number) => (bytes: Uint8Array<ArrayBuffer>) => {
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    return bytes;
  };
  const whole =
    (name: string, change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array) => async () => {
      const path = join(folder.path, "copy", name);
      await Deno.writeFile(path, change(await Deno.readFile(path)));
    };
  const damages: (() => Promise<void>)[] = [
    whole(pack, flip(2000)),
    whole(pack, (bytes) => bytes.subarray(0, -1)),
    () => Deno.remove(join(folder.path, "copy", pack)),
    whole(manifest, flip(100)),
    whole(manifest, flip(-1)),
    whole(manifest, (bytes) => bytes.subarray(0, -1)),
    () =>
      Deno.copyFile(join(root, "epochs/e000001.a000001.cbor"), join(folder.path, "copy", manifest)),
  ];
  for (const damage of damages) {
    await cp(root, join(folder.path, "copy"), { recursive: true });
    await damage();
    const reader = await FreshReader.open(join(folder.path, "copy"));
    await assertRejects(() => reader.restore(state), Damage);
    assert((await reader.damage()).includes(manifest));
    await reader.restore({ epoch: 2, attempt: 1, phase: "epoch" });
  }
});

/** Puts bytes under a new seal of the same job. */
function sealed(items: Uint8Array): Uint8Array {
  const head = new Uint8Array([0x84, ...items, 0x58, 0x20]);
  return new Uint8Array([...head, ...createHash("sha256").update(head.subarray(0, -2)).digest()]);
}

Deno.test("a second reader refuses other versions, and what no record may be", async () => {
  await using folder = await temporaryFolder();
  const kind = encode("tidemark.job");
  const fields = encode({ job: "job", createdAtMs: 5 }, { sortKeys: null });
  const job = (...parts: (Uint8Array | number[])[]) =>
    sealed(new Uint8Array(parts.flatMap((part) => [...part])));
  const cases: [string, Uint8Array, boolean][] = [
    ["right", job(kind, [1], fields), true],
    [
      "another order of keys",
      job(kind, [1], encode(new Map<string, unknown>([["createdAtMs", 5], ["job", "job"]]))),
      false,
    ],
    ["a version in a long form", job(kind, [0x18, 1], fields), false],
    [
      "a float that is an integer",
      job(kind, [1], encode({ job: "job", createdAtMs: 5 }, { avoidInts: true, float64: true })),
      false,
    ],
    [
      "a field that is not listed",
      job(kind, [1], encode({ job: "job", more: 1, createdAtMs: 5 })),
      false,
    ],
    ["a field less", job(kind, [1], encode({ job: "job" })), false],
    ["a tag", job(kind, [1, 0xc1], fields), false],
  ];
  for (const [what, bytes, is_right] of cases) {
    await Deno.writeFile(join(folder.path, "job.cbor"), bytes);
    const found = await (await FreshReader.open(folder.path)).damage();
    assertEquals(found, is_right ? [] : ["job.cbor"], what);
  }
  await Deno.writeFile(join(folder.path, "job.cbor"), job(kind, [2], [0xf6]));
  const reader = await FreshReader.open(folder.path);
  await assertRejects(() => reader.damage(), OtherVersion, "version 2");
});

Deno.test("a second reader refuses a second encoding of a value", () => {
  const other: Record<string, string[]> = {
    number: [
      "1801",
      "f93c00",
      "fb3ff0000000000000",
      "fb7ff8000000000001",
      "1b0020000000000000",
      "0101",
    ],
    bigint: ["c24100", "c2420001"],
    object: [
      "a2613101613001",
      "a2616101616101",
      "a10101",
      "a26573686170658101646461746161d84041ff00",
    ],
    Map: ["d90103a201010102", "d90103a1fb800000000000000001"],
    Set: ["d90102820101"],
    Date: ["c1f6", "d903e9a201012200", "c1fb3f50624dd2f1a9fd"],
    string: ["d901114161", "7f616100ff", "61ff", "d9011146eda0bdedb880"],
    Array: ["9f01ff", "d8288201d84040", "81".repeat(501) + "80"],
  };
  for (const [is, encodings] of Object.entries(other)) {
    for (const hex of encodings) {
      const bytes = Uint8Array.fromHex(hex);
      assertThrows(() => decode({ kind: "cbor", is }, bytes), Damage, "", hex);
      assertThrows(() => decodeValue({ kind: "cbor", is }, bytes), ValueFormatError, "", hex);
    }
  }
  assertThrows(() => decode({ kind: "cbor", is: "Map" }, new Uint8Array([1])), Damage, "no Map");
  assertThrows(() => decode({ kind: "array", tag: 86 }, new Uint8Array(9)), Damage);
  assertThrows(() => decode({ kind: "array", tag: 86, shape: [2] }, new Uint8Array(8)), Damage);
});
