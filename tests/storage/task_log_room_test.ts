// Task logs with room behind them: it says nothing, is given back, and what is torn in it is told from damage.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  CheckpointStore,
  denoFileSystem,
  type EntryToLog,
  FileStore,
  type FileSystem,
  type LoggedWork,
  MemoryStore,
  readLoggedWork,
  type Store,
  type TaskLogWriter,
} from "../../storage/mod.ts";

const environment = { deno: "2", arch: "x86_64", tidemark: "0.1.0" };
const MOST_ROOM = 300 * 1024;

const piece = (number: number, size: number): EntryToLog => ({
  ...{ kind: "piece", phase: "epoch", epoch: 1, id: "train@main", key: `${number}`, code: "c0de" },
  value: {
    type: { kind: "bytes" },
    // No byte is zero, so that only what was lost is.
    bytes: new Uint8Array(size).map((_, at) => 1 + (at * 31 + number) % 255),
  },
});

async function beginLog(store: Store): Promise<TaskLogWriter> {
  const opened = await CheckpointStore.open(store, { job: "sum" });
  const attempt = await opened.begin({ seed: 3, params: {}, environment, createdAtMs: 0 });
  await attempt.recordParent(undefined);
  return attempt.beginLog({ branch: 1, seed: 3, params: {}, sources: [], after: undefined });
}

function keys(work: LoggedWork | undefined): readonly string[] {
  return work?.entries.map((entry) => entry.kind === "piece" ? entry.key : "?") ?? [];
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("room: a log that grows by small appends has some, which says nothing and is given back", async () => {
  await inFolder(async (folder) => {
    const log = await beginLog(new FileStore(folder));
    const path = `${folder}/${log.source.name}`;
    const sizes: number[] = [];
    for (let number = 0; number < 40; number++) {
      // Also larger ones, and more than the room.
      await log.append([piece(number, number % 7 === 6 ? 100_000 : 100)]);
      const { size } = await Deno.stat(path);
      sizes.push(size - log.source.bytes);
      const work = await readLoggedWork(new FileStore(folder), undefined, 2);
      assertEquals([keys(work).length, work?.damaged], [number + 1, []]);
    }
    assertEquals(sizes.slice(0, 8), new Array(8).fill(0));
    assert(sizes.slice(8).some((room) => room > 100_000));
    assert(Math.max(...sizes) < MOST_ROOM);
    log.close();
    assertEquals((await Deno.stat(path)).size, log.source.bytes);
    assertEquals(keys(await readLoggedWork(new FileStore(folder), undefined, 2)).length, 40);
  });
});

Deno.test("room: a disk without any is no failure", async () => {
  await inFolder(async (folder) => {
    let asked = 0;
    const real = denoFileSystem();
    const fileSystem: FileSystem = {
      ...real,
      create: async (path) => {
        const file = await real.create(path);
        return {
          write: (bytes) => file.write(bytes),
          sync: () => file.sync(),
          close: () => file.close(),
          // Some of it had room.
          async reserve(byteLength) {
            asked++;
            await file.reserve?.(byteLength >> 1);
            throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
          },
        };
      },
    };
    const log = await beginLog(new FileStore(folder, { fileSystem }));
    for (let number = 0; number < 40; number++) await log.append([piece(number, 5000)]);
    log.close();
    assertEquals(asked, 1);
    const work = await readLoggedWork(new FileStore(folder), undefined, 2);
    assertEquals([keys(work).length, work?.damaged], [40, []]);
    assertEquals((await Deno.stat(`${folder}/${log.source.name}`)).size, log.source.bytes);
  });
});

/** A log of three records of one size, where they end, and what reads another content of it. */
async function threeRecords(size: number) {
  const store = new MemoryStore();
  const log = await beginLog(store);
  const ends: number[] = [];
  for (let number = 0; number < 3; number++) {
    await log.append([piece(number, size)]);
    ends.push(log.source.bytes);
  }
  const { name } = log.source;
  const bytes = new Uint8Array(log.source.bytes + 5000);
  bytes.set(await store.get(name));
  const read = async (content: Uint8Array): Promise<LoggedWork | undefined> => {
    const other = new MemoryStore();
    await other.put(name, content);
    return await readLoggedWork(other, undefined, 9);
  };
  return { bytes, start: ends[1] ?? 0, end: ends[2] ?? 0, read };
}

Deno.test("room: a record of which some sectors were written is no damage, and never believed (property)", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3000 }),
      fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
      async (size, written) => {
        const { bytes, start, end, read } = await threeRecords(size);
        const torn = bytes.slice();
        let isWhole = true;
        for (let at = start; at < end; at++) {
          if (written[((at - at % 512) - (start - start % 512)) / 512] !== false) continue;
          torn[at] = 0;
          isWhole = false;
        }
        const work = await read(torn);
        assertEquals(keys(work), isWhole ? ["0", "1", "2"] : ["0", "1"]);
        assertEquals(work?.damaged, []);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("room: a record whose head lies in two sectors, of which either was written, is no damage", async () => {
  let tried = 0;
  for (let size = 300; size < 3000; size++) {
    const { bytes, start, end, read } = await threeRecords(size);
    // Its head has three bytes.
    if (start % 512 < 510) continue;
    const sectors = Math.ceil(end / 512) - Math.floor(start / 512);
    for (let written = 0; written < 2 ** sectors - 1; written++) {
      const torn = bytes.slice();
      for (let at = start; at < end; at++) {
        const sector = Math.floor(at / 512) - Math.floor(start / 512);
        if ((written >> sector & 1) === 0) torn[at] = 0;
      }
      const work = await read(torn);
      assertEquals([keys(work), work?.damaged], [["0", "1"], []], `${size}: ${written}`);
      tried++;
    }
    // A record that is damaged before others is none that was cut off.
    const other = bytes.slice(0, end);
    other[start + 100] = (other[start + 100] ?? 0) ^ 1;
    assertEquals((await read(other))?.damaged.length, 1);
  }
  assert(tried > 100, `${tried} tried`);
});

Deno.test("room: a flipped bit of the last record is damage, with room behind it", async () => {
  const { bytes, start, end, read } = await threeRecords(700);
  for (let bit = (start + 3) * 8; bit < end * 8; bit += 7) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const work = await read(flipped);
    assertEquals([keys(work), work?.damaged.length], [["0", "1"], 1], `bit ${bit}`);
  }
});
