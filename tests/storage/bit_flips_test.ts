import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import {
  CheckpointNotFoundError,
  CheckpointStore,
  DamagedError,
  FileStore,
  firstDifference,
  formatRef,
  MemoryStore,
  type RunState,
  type Store,
  UnsupportedVersionError,
  WrongJobError,
} from "../../storage/mod.ts";
import { encodeRemoval } from "../../storage/job_record.ts";
import { joinBytes } from "../../storage/record_cbor.ts";
import { begin, ENVIRONMENT, noise, objects, overriding, save, value } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

/** A run's state with a little in each field, as every bit of it is flipped. */
const SMALL_RUN: RunState = {
  ...{ seed: 7, branch: 1, params: { rate: 0.1 }, elapsedMs: 1.5, conditions: { best: -0 } },
  cursors: { main: { images: { position: 3, pass: 1, length: 10 } } },
  ...{ stamps: { "main/images": 10n }, environment: ENVIRONMENT },
};

/** What a reader learns: of the whole, and of each checkpoint, with `undefined` where it is damaged. */
interface Read {
  readonly whole: unknown;
  readonly states: ReadonlyMap<string, unknown>;
}

/** Tells damage from every other failure, which is thrown on. */
async function orDamage<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    const isTyped = error instanceof DamagedError || error instanceof UnsupportedVersionError ||
      error instanceof WrongJobError || error instanceof CheckpointNotFoundError;
    if (!isTyped || error.message.length < 20) throw error;
    return undefined;
  }
}

/** Opens, and reads all there is; a checkpoint that cannot be read hides no other. */
async function readAll(store: Store): Promise<Read | undefined> {
  const opened = await orDamage(() => CheckpointStore.open(store, { job: "job" }));
  const history = opened && await orDamage(() => opened.history());
  if (opened === undefined || history === undefined) return undefined;
  const { line, sides, attempts, damaged, manifests } = history;
  const records: unknown[] = [];
  let isDamaged = damaged.length > 0;
  for (const { attempt } of attempts) {
    const record = await orDamage(() => opened.readAttempt(attempt));
    isDamaged ||= record === undefined;
    records.push(record);
  }
  const pins = await opened.pins();
  const states = new Map<string, unknown>();
  for (const ref of manifests) {
    const state = await orDamage(async () => {
      const { packs, ...manifest } = await opened.readManifest(ref);
      const blobs = await opened.readBlobs({ packs, ...manifest }, () => true);
      return [packs, { ...manifest }, blobs];
    });
    states.set(formatRef(ref), state);
  }
  const whole = isDamaged ? undefined : [line, sides, attempts, records, pins, opened.job];
  return { whole, states };
}

/** Whether everything is as saved; throws where anything differs in silence. */
function isUnchanged(read: Read | undefined, saved: Read, what: string): boolean {
  if (read === undefined) return false;
  const { whole, states } = read;
  let isSame = whole !== undefined;
  if (isSame) assertEquals(firstDifference(whole, saved.whole), undefined, what);
  for (const [ref, state] of states) {
    if (state === undefined) isSame = false;
    // Where a removal's record is damaged, and said to be, what it kept away from view is seen.
    else if (saved.states.has(ref)) {
      assertEquals(firstDifference(state, saved.states.get(ref)), undefined, `${what}: ${ref}`);
    } else assertEquals(whole, undefined, `${what}: ${ref} came from nowhere`);
  }
  const isThere = [...saved.states.keys()].every((ref) => states.has(ref));
  assert(isThere || !isSame, `${what}: a checkpoint vanished in silence`);
  return isSame;
}

/** One of each kind of record, and one pack. */
async function smallStore(store: Store): Promise<void> {
  const opened = await CheckpointStore.open(store, { job: "job" });
  const first = await begin(opened);
  const run = SMALL_RUN;
  const zero = await save(first, 0, { main: { total: value(1) } }, { run });
  await save(first, 1, { main: { data: value(noise(4100)), none: { absent: true } } }, { run });
  const second = await begin(opened, zero);
  await save(second, 1, { main: { total: value("two") } }, { run, metrics: { "main/total": 2 } });
  await save(second, 1, { main: { total: value([3]) } }, { run, phase: "upload" });
  await opened.pin({ epoch: 1, attempt: 2 });
  // Of one that is gone already, as what a record names is on no line, where none would look at it.
  const gone = encodeRemoval(2, [{ epoch: 0, attempt: 2, phase: "epoch" }]);
  await store.put(`removals/a000002.${"0".repeat(32)}.cbor`, gone);
}

Deno.test("every single bit of every file of a small store, flipped", async () => {
  const store = new MemoryStore();
  await smallStore(store);
  const saved = await readAll(store);
  assert(saved?.whole !== undefined && saved.states.size === 4);
  const all = await objects(store);
  const folders = new Set([...all.keys()].map((name) => name.split("/")[0]));
  assertEquals(folders.size, 7);
  const harmless = new Map<string, number>();
  let flips = 0;
  for (const [name, bytes] of all) {
    const flipped = bytes.slice();
    const under = overriding(store, {
      get: (asked, options) =>
        asked === name ? Promise.resolve(flipped.slice()) : store.get(asked, options),
      open: async (asked, options) => {
        if (asked !== name) return await store.open(asked, options);
        const readAt = (offset: number, into: Uint8Array) => {
          into.set(flipped.subarray(offset, offset + into.byteLength));
          return Promise.resolve(into.byteLength);
        };
        return { byteLength: flipped.byteLength, readAt, [Symbol.dispose]: () => {} };
      },
    });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const same = isUnchanged(await readAll(under), saved, `${name}, bit ${bit}`);
      if (same) harmless.set(name, (harmless.get(name) ?? 0) + 1);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      flips++;
    }
  }
  const bytes = [...all.values()].reduce((sum, { length }) => sum + length, 0);
  console.log(`${flips} flips in ${all.size} files of ${bytes} bytes; harmless:`, harmless);
  assertEquals(flips, bytes * 8);
  for (const [name, count] of harmless) {
    // The head of a pack's block (three bytes) is for other readers; a pin works by its name alone; and
    // a removal record that cannot be read says nothing.
    if (name.endsWith(".pack")) assertEquals(count, 24);
    else assert(/^(pins|removals)\//.test(name), name);
  }
});

/** Numbers that are the same each time. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

type Change = readonly (readonly [name: string, bytes: Uint8Array])[];

/** One way to spoil some files. */
function spoil(
  kind: number,
  files: ReadonlyMap<string, Uint8Array>,
  random: ReturnType<typeof seeded>,
): Change {
  const names = [...files.keys()];
  const name = names[random(names.length)]!;
  const bytes = files.get(name)!;
  const other = names[(names.indexOf(name) + 1 + random(names.length - 1)) % names.length]!;
  const at = random(bytes.length);
  switch (kind) {
    case 0:
      return [[name, bytes.with(at, bytes[at]! ^ (1 << random(8)))]];
    case 1:
      return [[name, bytes.slice(0, at)]];
    case 2:
      return [[name, files.get(other)!], [other, bytes]];
    case 3:
      return [[name, joinBytes([bytes, bytes.slice(at)])]];
    case 4:
      return [[name, joinBytes([bytes, noise(1 + random(300), at)])]];
    case 5:
      return [[name, bytes.map((byte, index) => index >= at && index < at + 512 ? 0 : byte)]];
    default:
      return [[name, joinBytes([bytes.slice(0, at), bytes.slice(Math.min(bytes.length, at + 7))])]];
  }
}

Deno.test("a store of 1 MiB in a folder, spoilt in many ways", async () => {
  await using folder = await temporaryFolder();
  const under = new FileStore(folder.path);
  const opened = await CheckpointStore.open(under, { job: "job" });
  const nodes = (epoch: number) => ({
    main: { data: value(noise(270_000, epoch)), total: value(epoch) },
    other: { data: value(new Float64Array(noise(6000, epoch))) },
  });
  const first = await begin(opened);
  for (const epoch of [0, 1, 2]) await save(first, epoch, nodes(epoch));
  await save(await begin(opened, first.last), 3, nodes(3));
  const saved = await readAll(new FileStore(folder.path));
  assert(saved?.whole !== undefined && saved.states.size === 4);
  const files = await objects(under);
  const size = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  assert(size > 2 ** 20, `${size} bytes`);
  const kinds = ["flip", "truncation", "swap", "tail twice", "garbage behind", "zeros", "hole"];
  const counts = kinds.map((kind) => ({ kind, detected: 0, unharmed: 0 }));
  const random = seeded(20);
  for (let index = 0; index < 602; index++) {
    const kind = index % kinds.length;
    const change = spoil(kind, files, random);
    for (const [name, bytes] of change) await Deno.writeFile(join(folder.path, name), bytes);
    const what = `${kinds[kind]} ${index} of ${change.map(([name]) => name)}`;
    const same = isUnchanged(await readAll(new FileStore(folder.path)), saved, what);
    const isAltered = change.some(([name]) => name.endsWith(".cbor"));
    const differs = change.some(([name, bytes]) =>
      firstDifference(bytes, files.get(name)) !== undefined
    );
    // Packs may grow, and have heads that are not read; a record that differs at all is damaged.
    assert(!same || !isAltered || !differs, `${what} passed in silence`);
    counts[kind]![same ? "unharmed" : "detected"]++;
    for (const [name] of change) await Deno.writeFile(join(folder.path, name), files.get(name)!);
  }
  console.log("spoilt 602 times:", counts);
  assert(isUnchanged(await readAll(new FileStore(folder.path)), saved, "mended"));
  assertEquals([counts[1]!.unharmed, counts[2]!.unharmed], [0, 0]);
});

Deno.test("a file under the name of another is damage", async () => {
  const store = new MemoryStore();
  await smallStore(store);
  const files = await objects(store);
  const moves: readonly (readonly [from: string, to: string])[] = [
    ["epochs/e000001.a000001.cbor", "epochs/e000002.a000001.cbor"],
    ["epochs/e000001.a000001.cbor", "epochs/e000001.a000003.cbor"],
    ["epochs/e000001.a000002.cbor", "phases/e000001.a000002.exit.cbor"],
    ["phases/e000001.a000002.upload.cbor", "phases/e000001.a000002.download.cbor"],
    ["attempts/000001.cbor", "attempts/000003.cbor"],
    ["attempts/000001.parent.cbor", "attempts/000003.parent.cbor"],
    ["attempts/000001.cbor", "job.cbor"],
  ];
  for (const [from, to] of moves) {
    for (const isMove of [true, false]) {
      await using folder = await temporaryFolder();
      for (const [name, bytes] of files) {
        const path = join(folder.path, name === from && isMove ? to : name);
        await Deno.mkdir(dirname(path), { recursive: true });
        await Deno.writeFile(path, bytes);
      }
      if (!isMove) await Deno.writeFile(join(folder.path, to), files.get(from)!);
      const read = await readAll(new FileStore(folder.path));
      const what = `${from} as ${to}`;
      const isSeen = read?.whole === undefined || [...read.states.values()].includes(undefined);
      assert(isSeen, `${what} passed in silence`);
    }
  }
});
