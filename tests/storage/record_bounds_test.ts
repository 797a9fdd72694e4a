// What readers refuse is never written.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  CheckpointStore,
  MemoryStore,
  RecordBoundError,
  type SaveRequest,
} from "../../storage/mod.ts";
import { encodeHead, mostParts } from "../../storage/record_cbor.ts";
import { encodeUnsummed } from "../../storage/record_writer.ts";
import type { LogEntry, LogHead } from "../../storage/task_entry.ts";
import {
  decodeEntries,
  decodeLogHead,
  encodeEntries,
  encodeLogHead,
} from "../../storage/task_log_codec.ts";
import { Items, SumHole } from "../../storage/unsummed.ts";
import { objects, request, START, value } from "./sample.ts";

const text = (length: number) => "x".repeat(length);
const RUN = request({ epoch: 0 }).run;
const { environment } = START;

/** Begins an attempt, saves once with it, and reads all of it again. */
async function there(
  { job = "job", start = START, more = {} }: {
    readonly job?: string;
    readonly start?: typeof START;
    readonly more?: Partial<SaveRequest>;
  },
  store = new MemoryStore(),
): Promise<void> {
  const opened = await CheckpointStore.open(store, { job });
  const attempt = await opened.begin(start);
  await attempt.recordParent(undefined);
  const nodes = { main: { total: value(1) } };
  const { manifest } = await attempt.save(request({ epoch: 0, nodes, ...more }));
  const reader = await CheckpointStore.open(store);
  await reader.readManifest(manifest);
  await reader.readAttempt(1);
}

Deno.test("records at their bounds are written and read, and larger ones are refused", async () => {
  const cases: Readonly<
    Record<string, readonly [number, (size: number) => Parameters<typeof there>[0]]>
  > = {
    "a job's name": [256, (size) => ({ job: text(size) })],
    "a param's text": [65_536, (size) => ({ start: { ...START, params: { p: text(size) } } })],
    "a param's name": [256, (size) => ({ start: { ...START, params: { [text(size)]: 1 } } })],
    "an environment": [256, (size) => ({
      start: { ...START, environment: { ...environment, deno: text(size) } },
    })],
    "why it stopped": [65_536, (size) => ({ more: { run: { ...RUN, stop: text(size) } } })],
    "a param's text in a manifest": [65_536, (size) => ({
      more: { run: { ...RUN, params: { p: text(size) } } },
    })],
    "a condition": [
      256,
      (size) => ({ more: { run: { ...RUN, conditions: { [text(size)]: 1, b: 2 } } } }),
    ],
    "a stamp": [256, (size) => ({ more: { run: { ...RUN, stamps: { [text(size)]: 1 } } } })],
    "a metric": [256, (size) => ({ more: { metrics: { [text(size)]: 1, b: 2 } } })],
  };
  for (const [what, [most, given]] of Object.entries(cases)) {
    await there(given(most));
    await assertRejects(() => there(given(most + 1)), RecordBoundError, `may have ${most}`, what);
  }
});

Deno.test("an attempt's record of more than 16 MiB is refused, and takes no number", async () => {
  const store = new MemoryStore();
  const params = Object.fromEntries(
    Array.from({ length: 260 }, (_, index) => [`p${index}`, text(65_536)]),
  );
  const start = { ...START, params };
  await assertRejects(() => there({ start }, store), RecordBoundError, "the attempt record");
  assertEquals([...(await objects(store)).keys()].filter((name) => name !== "job.cbor"), []);
  await there({}, store);
});

Deno.test("a value of a run of more than 16 MiB is refused", async () => {
  const stamps = { "main/disk": new Uint8Array(16 * 1024 * 1024 + 1) };
  await assertRejects(
    () => there({ more: { run: { ...RUN, stamps } } }),
    RecordBoundError,
    "stamp main/disk",
  );
});

Deno.test("a state that has gone through more migrations than a reader takes is refused", async () => {
  const names = Array.from({ length: 10_001 }, (_, index) => `m${index}`);
  const saved = (migrated: readonly string[]) => there({ more: { run: { ...RUN, migrated } } });
  await saved(names.slice(1));
  await assertRejects(() => saved(names), RecordBoundError, "may have 10000");
});

Deno.test("a record's parts are judged with the sums that are still to be put in", () => {
  const count = 120_000;
  const blocks = (sums: number) => new Array(sums).fill(new SumHole(0));
  const record = encodeUnsummed(new Items(count, () => blocks(3)));
  assert(count > mostParts(record.bytes.byteLength), "it would be refused without them");
  assertEquals(record.holes.length, 3 * count);
  const many = mostParts(2 * count);
  const error = assertThrows(() => encodeUnsummed(new Items(many, () => blocks(0).concat(1))));
  assertInstanceOf(error, RecordBoundError);
});

Deno.test("a manifest at its bound is read again with its seal, and one byte more is refused", async () => {
  const most = 64 * 1024 * 1024;
  const sized = (pad: number) => {
    const stamps = Object.fromEntries(
      Array.from({ length: 4 }, (_, index) => [`s${index}`, new Uint8Array(15.9 * 1024 * 1024)]),
    );
    return { ...RUN, stamps: { ...stamps, pad: new Uint8Array(pad) } };
  };
  const bytesOf = async (pad: number, store = new MemoryStore()) => {
    await there({ more: { run: sized(pad) } }, store);
    return (await store.stat("epochs/e000000.a000001.cbor"))?.byteLength ?? NaN;
  };
  const pad = 200_000 + most - await bytesOf(200_000);
  assertEquals(await bytesOf(pad), most);
  await assertRejects(() => bytesOf(pad + 1), RecordBoundError, `may have ${most}`);
});

Deno.test("more names than a reader takes are refused", async () => {
  const names = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, 1]));
  const cases: Readonly<Record<string, Partial<SaveRequest>>> = {
    "100001 names": { run: { ...RUN, params: names(100_001) } },
    "10001 names": {
      nodes: Object.fromEntries(Object.keys(names(10_001)).map((node) => [node, {}])),
    },
    "1000001 names": { metrics: names(1_000_001) },
  };
  for (const [said, more] of Object.entries(cases)) {
    await assertRejects(() => there({ more }), RecordBoundError, said);
  }
});

Deno.test("a record of any size has a bounded number of parts, as each takes memory of its own", () => {
  // Below the bound a manifest of its largest size has as many as its bytes allow.
  assert(mostParts(64 * 1024 * 1024) < 8_000_000);
  assertEquals([mostParts(2 ** 31), mostParts(2 ** 40)], [8_000_000, 8_000_000]);
});

Deno.test("counts of a log at their bounds are written and read, and larger ones are refused", () => {
  const head = (sources: number, migrated: number): LogHead => ({
    ...{ attempt: 1, after: undefined, branch: 1, seed: 0, params: {}, derived: undefined },
    sources: Array.from(
      { length: sources },
      () => ({ name: "tasks/a000001.start.000001.log", bytes: 1 }),
    ),
    migrated: Array.from({ length: migrated }, () => ({ name: "m", code: "c" })),
  });
  const gate = (cursors: number): LogEntry => ({
    ...{ kind: "gate", phase: "epoch", epoch: 1, id: "a@main", code: "c", isOpen: true },
    cursors: Array.from({ length: cursors }, () => ({ cursor: "c", take: 1, length: 2 })),
  });
  const body = (item: Uint8Array) => item.subarray(encodeHead(2, item.byteLength - 5).byteLength);
  assertEquals(decodeLogHead("log", body(encodeLogHead(head(100_000, 0)))).sources.length, 100_000);
  assertEquals(decodeLogHead("log", body(encodeLogHead(head(0, 10_000)))).migrated?.length, 10_000);
  const [entry] = decodeEntries("log", body(encodeEntries([gate(100_000)], [])));
  assert(entry?.kind === "gate" && entry.cursors.length === 100_000);
  const beyond: readonly [() => unknown, string][] = [
    [() => encodeLogHead(head(100_001, 0)), "sources"],
    [() => encodeLogHead(head(0, 10_001)), "migrations"],
    [() => encodeEntries([gate(100_001)], []), "cursors"],
  ];
  for (const [encode, what] of beyond) assertThrows(encode, RecordBoundError, what);
});

Deno.test("two blobs in one place are refused before anything is written", async () => {
  const store = new MemoryStore();
  const opened = await CheckpointStore.open(store);
  const attempt = await opened.begin(START);
  await attempt.recordParent(undefined);
  const first = request({ epoch: 0, nodes: { main: { a: value(new Uint8Array(9000)) } } });
  const carry = { carry: (await attempt.save(first)).manifest.nodes.main!.a! };
  const before = [...(await objects(store)).keys()];
  for (
    const nodes of [{ main: { a: carry, b: carry } }, { main: { a: carry }, other: { a: carry } }]
  ) {
    const next = request({ epoch: 1, nodes, parent: attempt.last });
    await assertRejects(() => attempt.save(next), RangeError, "two blobs are to be carried over");
  }
  assertEquals([...(await objects(store)).keys()], before);
  await attempt.save(request({ epoch: 1, nodes: { main: { a: carry } }, parent: attempt.last }));
});
