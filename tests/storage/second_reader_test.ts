import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { CheckpointStore, encodeValue, FileStore, manifestName } from "../../storage/mod.ts";
import { assertSameBlobs, begin, noise, save, value } from "./sample.ts";
import { readCheckpoint } from "./second_reader.ts";
import { temporaryFolder } from "./watched_file_system.ts";

const VALUES: Readonly<Record<string, unknown>> = {
  weights: new Float32Array(noise(800_000).buffer),
  tensor: { shape: [2, 2], data: new Float64Array([1, 2, 3, NaN]) },
  bytes: noise(5000).buffer,
  big: new BigInt64Array([1n, -(2n ** 63n)]),
  clamped: new Uint8ClampedArray([1, 2]),
  half: new Float16Array([1.5]),
  number: -0,
  integer: 2 ** 40,
  text: "tide",
  bigint: 2n ** 70n,
  map: new Map<unknown, unknown>([["a", 1], [2, new Set(["b"])]]),
  nested: {
    list: [1, undefined, null, true],
    inner: new Int16Array([1, -2]),
    bytes: noise(3).buffer,
    view: new DataView(noise(4).buffer),
    tensor: { shape: [1, 2], data: new Float32Array(2) },
  },
  date: new Date(1_700_000_000_000),
  names: new Map<string, unknown>([["a", 1], ["b", new Map([["c", { d: 2 }]])]]),
  mixed: { bytes: new Uint8Array([1, 2]), buffer: new Uint8Array([1, 2]).buffer },
  odd: ["half \ud800 and whole 😀 é", new Date(8.64e15 - 1), new Date(NaN), ""],
  keys: new Map<unknown, unknown>([[{ a: 1 }, [2]], [new Set([1n]), -5n]]),
  nothing: undefined,
};

Deno.test("a reader of some sixty lines of code over cbor2 rebuilds every blob", async () => {
  const source = await Deno.readTextFile(new URL("second_reader.ts", import.meta.url));
  const code = source.split("\n").filter((line) => !/^\s*(\/[/*].*)?$/.test(line));
  assert(code.length <= 68, `${code.length} lines of code`);
  assertEquals([...source.matchAll(/^import .* from "(.*)"/gm)].map(([, from]) => from), ["cbor2"]);

  await using folder = await temporaryFolder();
  const root = join(folder.path, "job");
  const attempt = await begin(await CheckpointStore.open(new FileStore(root), { job: "job" }));
  const blobs = Object.fromEntries(Object.entries(VALUES).map(([name, of]) => [name, value(of)]));
  const first = await save(attempt, 0, { main: blobs, other: { unset: { absent: true } } });
  const second = await save(attempt, 1, {
    main: { weights: { carry: first.nodes.main!.weights! }, number: value(1) },
  });
  const read = await readCheckpoint(root, manifestName(first));
  assertSameBlobs(read.main!, VALUES);
  assert(Object.is(read.main!.number, -0));
  assertEquals(read.other, { unset: "absent" });
  const carried = (await readCheckpoint(root, manifestName(second))).main;
  assertSameBlobs(carried!, { weights: VALUES.weights, number: 1 });
  assertEquals(encodeValue(VALUES.map).type.kind, "cbor");
});
