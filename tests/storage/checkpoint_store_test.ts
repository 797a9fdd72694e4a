import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  CheckpointNotFoundError,
  CheckpointStore,
  encodeValue,
  firstDifference,
  type Manifest,
  MemoryStore,
  PromiseError,
  StoreError,
  UnknownOutcomeError,
  WrongJobError,
} from "../../storage/mod.ts";
import { commit } from "../../storage/commit.ts";
import { PackLayout, setSums } from "../../storage/pack.ts";
import { sealWith, unsealed } from "../../storage/seal.ts";
import { SumHole } from "../../storage/unsummed.ts";
import {
  assertSameBlobs,
  begin,
  noise,
  objects,
  overriding,
  request,
  RUN,
  save,
  START,
  testBoth,
  value,
} from "./sample.ts";

const VALUES: Readonly<Record<string, unknown>> = {
  weights: new Float32Array([1, NaN, -0, Infinity]),
  large: new Uint16Array(noise(700_000).buffer),
  exact: noise(262_144 * 2),
  tensor: { shape: [2, 3], data: new Float64Array([1, 2, 3, 4, 5, 6]) },
  map: new Map<unknown, unknown>([["a", [1n, new Date(5)]], [2, new Set([-0])]]),
  nothing: undefined,
  empty: new Uint8Array(),
  text: "tide".repeat(10_000),
  buffer: new Uint8Array([1, 2, 3]).buffer,
};

function nodes(values: Readonly<Record<string, unknown>> = VALUES) {
  return {
    main: Object.fromEntries(Object.entries(values).map(([name, of]) => [name, value(of)])),
    other: { total: value(1), unset: { absent: true } as const },
  };
}

testBoth("everything that is saved is read back by another reader", async ({ store, reopen }) => {
  const attempt = await begin(await CheckpointStore.open(store, { job: "job" }));
  const saved = await attempt.save(
    request({ epoch: 0, nodes: nodes(), metrics: { "main/loss": NaN, "main/accuracy": 0.5 } }),
  );
  const reader = await CheckpointStore.open(reopen());
  assertEquals(reader.job, "job");
  const { line } = await reader.history();
  assertEquals(line, [{ epoch: 0, attempt: 1, phase: "epoch" }]);
  const manifest = await reader.readManifest(line[0]!);
  assertEquals(manifest, saved.manifest);
  assertEquals(manifest.run, RUN);
  assert(Object.is(manifest.run.params.zero, -0));
  const blobs = await reader.readBlobs(manifest, () => true);
  assertSameBlobs(Object.fromEntries(blobs.get("main")!), VALUES);
  assertEquals([...blobs.get("other")!], [["total", 1]]);
  assertEquals(manifest.nodes.other?.unset, { absent: true });
  await reader.check(manifest);
  await reader.check(manifest, { full: true });
  const bytes = Object.values(VALUES).reduce(
    (sum: number, of) => sum + encodeValue(of).byteLength,
    0,
  );
  assertEquals(saved.reports.map(({ node, bytes }) => [node, bytes]), [["main", bytes], [
    "other",
    1,
  ]]);
});

testBoth("opening creates nothing", async ({ store }) => {
  const opened = await CheckpointStore.open(store, { job: "job" });
  assertEquals(await opened.history(), {
    ...{ line: [], sides: [], attempts: [], unrecorded: [], branch: undefined, manifests: [] },
    ...{ removals: [], damaged: [] },
  });
  assertEquals(await store.list(""), []);
});

testBoth("a partial load reads only the bytes of its blobs", async ({ store, reopen }) => {
  const attempt = await begin(await CheckpointStore.open(store));
  const manifest = await save(attempt, 0, nodes());
  for (
    const [name, expected] of [["large", 700_000], ["exact", 524_288], ["weights", 0]] as const
  ) {
    const counted = reopen();
    const reader = await CheckpointStore.open(counted);
    const before = counted.bytesRead;
    const blobs = await reader.readBlobs(
      manifest,
      (node, blob) => node === "main" && blob === name,
    );
    assertEquals(firstDifference(blobs.get("main")?.get(name), VALUES[name]), undefined);
    assertEquals(counted.bytesRead - before, expected);
  }
});

testBoth(
  "a small epoch is one object, and a large one has a pack for each node",
  async ({ store }) => {
    const attempt = await begin(await CheckpointStore.open(store));
    await save(attempt, 0, { main: { total: value(1) }, other: { total: value(2) } });
    assertEquals(await store.list("packs/"), []);
    const large = await save(attempt, 1, {
      main: { a: value(noise(5000)), b: value(noise(300_000)) },
      other: { a: value(noise(4097)) },
      idle: {},
    });
    assertEquals(large.packs.length, 2);
    for (const [index, node] of ["main", "other"].entries()) {
      assertStringIncludes(large.packs[index]!, `packs/a000001/e000001.${node}.`);
    }
  },
);

testBoth("blobs lie inline up to a total", async ({ store }) => {
  const attempt = await begin(await CheckpointStore.open(store));
  const blobs = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`b${index}`, value(noise(4096, index))]),
  );
  const { nodes } = await save(attempt, 0, { main: blobs });
  const inline = Object.values(nodes.main!).filter((entry) => "inline" in entry);
  assertEquals(inline.length, 16);
});

testBoth("a carried blob is not written again, and outlives its first epoch", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const first = await save(attempt, 0, nodes());
  const before = store.bytesWritten;
  const second = await save(attempt, 1, {
    main: {
      large: { carry: first.nodes.main!.large! },
      weights: { carry: first.nodes.main!.weights! },
    },
    other: { unset: { carry: first.nodes.other!.unset! } },
  });
  assert(store.bytesWritten - before < 3000);
  assertEquals(second.packs, first.packs.slice(0, 1));
  await attempt.remove([first]);
  const blobs = await opened.readBlobs(second, () => true);
  assertEquals(firstDifference(blobs.get("main")?.get("large"), VALUES.large), undefined);
  assertEquals(blobs.get("main")?.get("weights"), VALUES.weights);
});

testBoth("a manifest that is not there lists those that are", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  await save(attempt, 0);
  await save(attempt, 1);
  const error = await assertRejects(
    () => opened.readManifest({ epoch: 9, attempt: 1, phase: "epoch" }),
    CheckpointNotFoundError,
  );
  assertEquals(error.available, ["0@a1", "1@a1"]);
});

testBoth("another job's checkpoints are refused by name", async ({ store, reopen }) => {
  await begin(await CheckpointStore.open(store, { job: "digits" }));
  const error = await assertRejects(
    () => CheckpointStore.open(reopen(), { job: "k-means" }),
    WrongJobError,
  );
  assertEquals([error.expected, error.found], ["k-means", "digits"]);
});

testBoth("of two jobs that begin at once one is refused", async ({ store, reopen }) => {
  const [a, b] = [
    await CheckpointStore.open(store, { job: "a" }),
    await CheckpointStore.open(reopen(), { job: "b" }),
  ];
  await a.begin(START);
  await assertRejects(() => b.begin(START), WrongJobError);
});

testBoth("checkpoints that were made without a job are any job's", async ({ store, reopen }) => {
  const attempt = await begin(await CheckpointStore.open(store));
  await save(attempt, 0);
  const opened = await CheckpointStore.open(reopen(), { job: "a" });
  assertEquals((await opened.readManifest(attempt.last!)).job, undefined);
});

testBoth("attempts that begin at once get numbers of their own", async ({ store, reopen }) => {
  const attempts = await Promise.all(Array.from({ length: 12 }, async () => {
    return await (await CheckpointStore.open(reopen(), { job: "job" })).begin(START);
  }));
  const numbers = attempts.map(({ number }) => number).sort((a, b) => a - b);
  assertEquals(numbers, Array.from({ length: 12 }, (_, index) => index + 1));
  const record = await (await CheckpointStore.open(store)).readAttempt(7);
  assertEquals(record, START);
});

Deno.test("a runner is refused where the store promises less than it asks for", async () => {
  const memory = await CheckpointStore.open(new MemoryStore(), { durability: "process" });
  await assertRejects(() => memory.begin(START), PromiseError, 'durability "process"');
  const store = new MemoryStore();
  const weak = overriding(store, {
    promises: () =>
      Promise.resolve({ linearizableCreate: false, durability: "none", reasons: ["x"] }),
  });
  const opened = await CheckpointStore.open(weak);
  await assertRejects(() => opened.begin(START), PromiseError, "two runners");
  assertEquals(await objects(store), new Map());
});

testBoth("ancestors lead back over attempts, newest first", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const first = await begin(opened);
  const saved: Manifest[] = [];
  for (const epoch of [0, 1, 2]) saved.push(await save(first, epoch));
  const second = await begin(opened, saved[1]);
  const third = await save(second, 2);
  assertEquals((await opened.ancestors(third)).map(({ epoch, attempt }) => [epoch, attempt]), [
    [1, 1],
    [0, 1],
  ]);
});

testBoth("retention rules are judged on what manifests say, and applied", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  for (const [epoch, loss] of [3, 1, NaN, 2, 5].entries()) {
    const blobs = { main: { a: value(noise(9000, epoch)) } };
    await save(attempt, epoch, blobs, { metrics: { "main/loss": loss } });
  }
  const { verdicts } = await (await CheckpointStore.open(store)).judge([
    { rule: "best", metric: "main/loss", direction: "min", n: 2 },
  ]);
  const going = verdicts.filter(({ keep }) => !keep).map(({ ref }) => ref);
  assertEquals(going.map(({ epoch }) => epoch), [0, 2]);
  await attempt.remove(going);
  assertEquals((await opened.history()).line.map(({ epoch }) => epoch), [1, 3, 4]);
  assertEquals((await store.list("packs/a000001/")).length, 3);
  assertEquals(await store.list("removals/"), []);
});

testBoth("sums that a store does not give are never made up", async ({ store }) => {
  const forgetful = overriding(store, {
    commit: async (request, options = {}) => {
      const outcome = await commit(store, request, options);
      return { ...outcome, sums: outcome.sums.slice(1) };
    },
  });
  const attempt = await begin(await CheckpointStore.open(forgetful));
  const main = { large: value(noise(300_000)) };
  await assertRejects(() => save(attempt, 0, { main }), UnknownOutcomeError, "1 sums of 2 blocks");
  assert(attempt.isOver);
  const pack = new PackLayout(`packs/a000001/e000000.main.${"0".repeat(32)}.pack`);
  pack.add([noise(10)], 10);
  await assertRejects(() => commit(forgetful, { packs: [pack] }, {}), StoreError, "0 sums");
  assertThrows(() => setSums([pack], []), Error, "the sum of block 0 is missing");
  const record = unsealed("manifest", new Map([["sums", [new SumHole(0), new SumHole(1)]]]));
  assertThrows(() => sealWith(record, [1]), Error, "the sum of block 1 is missing");
});
