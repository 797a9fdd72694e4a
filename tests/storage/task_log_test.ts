// Task logs: what was appended is read again, up to where a write was cut off or something is damaged.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import {
  DamagedError,
  encodeValue,
  type EntryToLog,
  FencedError,
  FileStore,
  type LoggedWork,
  MemoryStore,
  type PresentBlob,
  readLoggedBlob,
  readLoggedWork,
  RecordBoundError,
} from "../../storage/mod.ts";
import { begin, gate, HEAD, inBoth, site } from "./logs.ts";
import { temporaryFolder } from "./watched_file_system.ts";

function ids(work: LoggedWork | undefined): readonly string[] | undefined {
  return work?.entries.map(({ id }) => id);
}

Deno.test("task log: entries of every kind come back as they were, small and large", async () => {
  await inBoth(async (store, again) => {
    const attempt = await begin(store);
    await attempt.recordParent(undefined);
    const log = attempt.beginLog({ ...HEAD, after: undefined });
    assert(log.isEmpty);
    const large = new Float64Array(100_000).map((_, index) => index / 3);
    const value = encodeValue(new Map([["a", 1n]]));
    const [bytes = new Uint8Array()] = value.parts;
    const task: EntryToLog = {
      ...{ kind: "task", ...site, code: "c0de" },
      outputs: {
        small: { encoded: encodeValue({ a: -0 }), codec: false },
        large: { encoded: encodeValue(large), codec: true },
      },
      cursors: [{ cursor: "next", take: 3, length: 20 }],
    };
    const others: EntryToLog[] = [
      { kind: "task", ...site, id: "skipped@main", code: "c0de", outputs: undefined, cursors: [] },
      { kind: "gate", ...site, id: "gate@main", code: "c0de", isOpen: false, cursors: [] },
      { kind: "piece", ...site, key: "k/1", code: "f00d", value: { type: value.type, bytes } },
      { kind: "time", ...site, phase: "init", epoch: 0, key: "now", ms: 1234.5 },
    ];
    await log.append([task]);
    await log.append(others);
    log.close();
    const work = await readLoggedWork(again(), undefined, 2);
    assert(work !== undefined);
    assertEquals(work.head, { attempt: attempt.number, after: undefined, ...HEAD });
    assertEquals(work.damaged, []);
    const [first, ...rest] = work.entries;
    assertEquals(rest, others as typeof rest);
    assert(first?.kind === "task" && first.outputs !== undefined);
    const { small, large: found } = first.outputs as Record<string, PresentBlob>;
    assertEquals(small?.inline, encodeValue({ a: -0 }).parts[0]);
    assertEquals([found?.bytes, found?.codec, found?.blocks?.length], [800_000, true, 4]);
    const read = await readLoggedBlob(again(), found!);
    assertEquals(new Float64Array(read.buffer), large);
  });
});

Deno.test("task log: an attempt goes on from what others had done, and from no more than it had seen", async () => {
  await inBoth(async (store, again) => {
    const one = await begin(store);
    await one.recordParent(undefined);
    const first = one.beginLog({ ...HEAD, after: undefined });
    await first.append([gate("a"), gate("b")]);
    const two = await begin(again());
    const seen = await readLoggedWork(again(), undefined, two.number);
    assertEquals(ids(seen), ["a", "b"]);
    // The first is not dead yet, and does not know that it is fenced.
    await assertRejects(() => first.append([gate("late")]), FencedError);
    await two.recordParent(undefined);
    const second = two.beginLog({ ...HEAD, after: undefined, sources: seen!.sources });
    await second.append([gate("c")]);
    assertEquals(ids(await readLoggedWork(again(), undefined, 3)), ["a", "b", "c"]);
    // Of those from before, what an older one has is not more.
    assertEquals(ids(await readLoggedWork(again(), undefined, 2)), ["a", "b", "late"]);
    first.close();
    second.close();
  });
});

Deno.test("task log: what comes behind a gap in a source does not count, and the gap is told", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  const one = await begin(store);
  await one.recordParent(undefined);
  const first = one.beginLog({ ...HEAD, after: undefined });
  await first.append([gate("a")]);
  const cutAt = (await readLoggedWork(store, undefined, 9))?.sources[0]?.bytes ?? 0;
  await first.append([gate("b")]);
  first.close();
  const two = await begin(new FileStore(folder.path));
  const { sources } = (await readLoggedWork(store, undefined, two.number))!;
  await two.recordParent(undefined);
  const second = two.beginLog({ ...HEAD, after: undefined, sources });
  await second.append([gate("c")]);
  second.close();
  assertEquals(ids(await readLoggedWork(store, undefined, 9)), ["a", "b", "c"]);
  const path = join(folder.path, sources[0]?.name ?? "");
  await Deno.truncate(path, cutAt);
  const cut = await readLoggedWork(store, undefined, 9);
  assertEquals(ids(cut), ["a"]);
  assertInstanceOf(cut?.damaged[0], DamagedError);
  await Deno.remove(path);
  const gone = await readLoggedWork(store, undefined, 9);
  assertEquals([ids(gone), gone?.damaged.length], [[], 1]);
});

Deno.test("task log: after a state counts what was done from that very state on", async () => {
  await inBoth(async (store, again) => {
    const one = await begin(store);
    await one.recordParent(undefined);
    const ref = (attempt: number, epoch: number) => ({ attempt, epoch, phase: "epoch" }) as const;
    const logs = [undefined, ref(1, 0), ref(1, 1), ref(1, 2)].map((after) =>
      one.beginLog({ ...HEAD, after })
    );
    for (const [index, log] of logs.entries()) {
      await log.append([gate(`g${index}`)]);
      log.close();
    }
    const from = async (after: ReturnType<typeof ref> | undefined) =>
      ids(await readLoggedWork(again(), after, 9));
    assertEquals(await from(undefined), ["g0", "g1", "g2", "g3"]);
    assertEquals(await from(ref(1, 1)), ["g2", "g3"]);
    assertEquals(await from(ref(2, 1)), undefined);
    assertEquals(await from(ref(1, 3)), undefined);
    // Another attempt that went on from epoch 1 counts, and not what the first did after it.
    const two = await begin(again());
    await two.recordParent(ref(1, 1));
    const log = two.beginLog({ ...HEAD, after: ref(1, 1) });
    await log.append([gate("other")]);
    log.close();
    assertEquals(await from(ref(1, 1)), ["other"]);
  });
});

Deno.test("task log: cut off anywhere, it says what was whole; a flipped bit anywhere is told or harmless", async () => {
  const store = new MemoryStore();
  const attempt = await begin(store);
  await attempt.recordParent(undefined);
  const log = attempt.beginLog({ ...HEAD, after: undefined });
  const ends: number[] = [];
  for (const id of ["a", "b", "c"]) {
    await log.append([gate(id)]);
    ends.push(log.source.bytes);
  }
  const { name } = log.source;
  const bytes = await store.get(name);
  const readOf = async (content: Uint8Array): Promise<LoggedWork | undefined> => {
    const other = new MemoryStore();
    await other.put(name, content);
    return await readLoggedWork(other, undefined, 9);
  };
  for (let end = 0; end <= bytes.byteLength; end++) {
    const whole = ends.filter((at) => at <= end).length;
    const work = await readOf(bytes.subarray(0, end));
    assertEquals(ids(work) ?? [], ["a", "b", "c"].slice(0, whole), `cut off at ${end}`);
    assertEquals(work?.damaged ?? [], []);
    // A file system may have grown the file without its bytes.
    const grown = new Uint8Array(end + 100);
    grown.set(bytes.subarray(0, end));
    const found = ids(await readOf(grown)) ?? [];
    assertEquals(found, ["a", "b", "c"].slice(0, found.length));
    assert(found.length >= whole);
  }
  for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
    const content = bytes.slice();
    content[bit >> 3] = (content[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const found = ids(await readOf(content)) ?? [];
    assertEquals(found, ["a", "b", "c"].slice(0, found.length), `bit ${bit}`);
    assert(found.length < 3, `bit ${bit} is silent`);
  }
});

Deno.test("task log: arbitrary bytes are refused, and allocate no more than they are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (content) => {
      const store = new MemoryStore();
      await store.put("tasks/a000001.start.000001.log", content);
      const work = await readLoggedWork(store, undefined, 2);
      assertEquals(work?.entries ?? [], []);
      assertEquals(work?.head, undefined);
    }),
    { numRuns: 300 },
  );
});

Deno.test("task log: a failed append says so, and a further log goes on", async () => {
  const folder = await Deno.makeTempDir();
  try {
    let isFailing = false;
    const store = new FileStore(folder, {
      onPoint: (point) => {
        if (isFailing && point === "log sync") {
          throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
        }
      },
    });
    const attempt = await begin(store);
    await attempt.recordParent(undefined);
    const log = attempt.beginLog({ ...HEAD, after: undefined });
    await log.append([gate("a")]);
    isFailing = true;
    const error = await log.append([gate("b")]).catch((error: unknown) => error);
    assertInstanceOf(error, Error);
    assertEquals(error.name, "StoreFullError");
    isFailing = false;
    // What lies behind a failed write is not known.
    await assertRejects(() => log.append([gate("c")]), Error, "disk is full");
    log.close();
    const next = attempt.beginLog({ ...HEAD, after: undefined });
    await next.append([gate("b")]);
    next.close();
    const found = ids(await readLoggedWork(new FileStore(folder), undefined, 2)) ?? [];
    assertEquals(new Set(found), new Set(["a", "b"]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("task log: one that is closed while a large output is appended has all of it", async () => {
  await inBoth(async (store, again) => {
    const attempt = await begin(store);
    await attempt.recordParent(undefined);
    const log = attempt.beginLog({ ...HEAD, after: undefined });
    const large = (id: string): EntryToLog => ({
      ...{ kind: "task", ...site, id, code: "c0de", cursors: [] },
      outputs: { large: { encoded: encodeValue(new Float64Array(100_000)), codec: false } },
    });
    await log.append([large("first@main")]);
    const second = log.append([large("second@main")]);
    log.close();
    await second;
    const work = await readLoggedWork(again(), undefined, 2);
    assertEquals(ids(work), ["first@main", "second@main"]);
  });
});

Deno.test("task log: what nobody would read is not written", async () => {
  await inBoth(async (store) => {
    const attempt = await begin(store);
    const most = 2 ** 31 - 1;
    const source = { name: "tasks/a000001.start.000009.log", bytes: most - 2000 };
    const log = attempt.beginLog({ ...HEAD, after: undefined, sources: [source] });
    await log.append([gate("first")]);
    const before = log.source;
    const many = Array.from({ length: 100 }, (_, index) => gate(`${index}`));
    await assertRejects(() => log.append(many), RecordBoundError, `may have ${most}: save more`);
    await assertRejects(() => log.append([gate("second")], { besides: 2000 }), RecordBoundError);
    for (const more of [{ id: "x".repeat(1025) }, { code: "c".repeat(65) }]) {
      await assertRejects(() => log.append([{ ...gate("third"), ...more }]), RecordBoundError);
    }
    assertEquals(log.source, before);
    log.close();
    // The source is not there, so that nothing behind it counts.
    const work = await readLoggedWork(store, undefined, 2);
    assertEquals([ids(work), work?.damaged.length], [[], 1]);
  });
});
