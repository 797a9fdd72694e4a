// Every operation of a task log fails once, in each way: what was acknowledged stays, and the job goes on.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  type Attempt,
  CheckpointStore,
  denoFileSystem,
  encodeValue,
  type EntryToLog,
  FileStore,
  type FileSystem,
  type FileWriter,
  readLoggedBlob,
  readLoggedWork,
  StoreError,
  StoreFullError,
} from "../../storage/mod.ts";
import { noise, START } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

const OPS = ["create", "write", "sync", "reserve", "link", "remove", "syncFolder", "stat"] as const;
type Op = typeof OPS[number];

/** What happens instead of an operation. */
interface Fault {
  readonly code: "ENOSPC" | "EIO" | "EMFILE" | "short";
  readonly ops: readonly Op[];
  /** Whether it has had its effect, or some of it. */
  readonly hasEffect?: boolean;
}

const FAULTS: readonly Fault[] = [
  { code: "ENOSPC", ops: ["create", "write", "sync", "reserve", "link"] },
  { code: "ENOSPC", ops: ["write", "reserve"], hasEffect: true },
  { code: "EIO", ops: OPS },
  { code: "EIO", ops: ["sync", "link", "syncFolder"], hasEffect: true },
  { code: "EMFILE", ops: ["create"] },
  { code: "short", ops: ["write"] },
];

/** Deno's file system, of which one operation fails. */
class Faulty {
  readonly ops: Op[] = [];
  hit: Op | undefined;

  constructor(readonly fault: Fault | undefined, readonly index: number) {}

  async #do<T>(op: Op, run: () => Promise<T>, part: () => Promise<unknown> = run): Promise<T> {
    const at = this.ops.push(op) - 1;
    if (this.fault === undefined || at !== this.index) return await run();
    this.hit = op;
    if (this.fault.code === "short") return await part() as T;
    if (this.fault.hasEffect === true) await part();
    throw Object.assign(new Error(this.fault.code), { code: this.fault.code });
  }

  readonly #real = denoFileSystem();
  readonly fileSystem: FileSystem = {
    ...this.#real,
    create: (path) => this.#do("create", async () => this.#writer(await this.#real.create(path))),
    link: (from, to) => this.#do("link", () => this.#real.link(from, to)),
    remove: (path) => this.#do("remove", () => this.#real.remove(path)),
    syncFolder: (path) => this.#do("syncFolder", () => this.#real.syncFolder(path)),
    stat: (path) => this.#do("stat", () => this.#real.stat(path)),
  };

  #writer(file: FileWriter): FileWriter {
    const half = (bytes: Uint8Array) => bytes.subarray(0, Math.ceil(bytes.byteLength / 2));
    return {
      write: (bytes) => this.#do("write", () => file.write(bytes), () => file.write(half(bytes))),
      sync: () => this.#do("sync", () => file.sync()),
      reserve: (byteLength) =>
        this.#do(
          "reserve",
          async () => await file.reserve?.(byteLength),
          async () => await file.reserve?.(byteLength >> 1),
        ),
      close: () => file.close(),
    };
  }
}

const site = { phase: "epoch", epoch: 1, id: "work@main" } as const;
const LARGE = noise(270_000);

function entryOf(number: number): EntryToLog {
  if (number === 5) {
    const outputs = { large: { encoded: encodeValue(LARGE), codec: false } };
    return { kind: "task", ...site, id: "5", code: "c0de", outputs, cursors: [] };
  }
  return { kind: "time", ...site, id: `${number}`, key: "now", ms: number };
}

/** Appends entries, in a further log after a failed one; gives those that were acknowledged, and the failures. */
async function append(attempt: Attempt, from: number, to: number) {
  const acknowledged: string[] = [];
  const failures: unknown[] = [];
  const begin = (sources: Parameters<Attempt["beginLog"]>[0]["sources"] = []) =>
    attempt.beginLog({ branch: 1, seed: 1, params: {}, sources, after: undefined });
  let log = begin();
  for (let number = from; number < to; number++) {
    try {
      await log.append([entryOf(number)]);
      acknowledged.push(`${number}`);
    } catch (error) {
      failures.push(error);
      log.close();
      log = begin();
    }
  }
  log.close();
  return { acknowledged, failures };
}

/** Logs with a fault; gives the operations, and which of them is the first of a log. */
async function logWith(fault: Fault | undefined, index: number) {
  await using folder = await temporaryFolder();
  const faulty = new Faulty(fault, index);
  const root = `${folder.path}/job`;
  const store = new FileStore(root, { fileSystem: faulty.fileSystem });
  // What a store does once is not what fails here.
  await store.promises();
  const opened = await CheckpointStore.open(store, { job: "job" });
  const attempt = await opened.begin(START);
  await attempt.recordParent(undefined);
  const { ops } = faulty;
  const first = ops.length;
  const { acknowledged, failures } = await append(attempt, 0, 14);
  if (fault === undefined) return { ops, first };
  for (const error of failures) {
    assertInstanceOf(error, StoreError);
    if (fault.code === "ENOSPC") assertInstanceOf(error, StoreFullError);
  }
  // Room is a matter of speed, and a temporary name that stays is no object.
  const isHarmless = fault.code === "short" || faulty.hit === "reserve" || faulty.hit === "remove";
  assertEquals(failures.length, isHarmless ? 0 : 1, `${faulty.hit}`);
  const work = await readLoggedWork(new FileStore(root), undefined, 99);
  const found = new Set(work?.entries.map(({ id }) => id));
  for (const id of acknowledged) assert(found.has(id), `${id} was acknowledged and is lost`);
  assert(acknowledged.length >= 13);
  for (const entry of work?.entries ?? []) {
    const blob = entry.kind === "task" ? entry.outputs?.large : undefined;
    if (blob === undefined || "absent" in blob) continue;
    if (!acknowledged.includes(entry.id)) continue;
    assertEquals(await readLoggedBlob(new FileStore(root), blob), LARGE);
  }
  return { ops, first };
}

Deno.test("log: each fault at each operation of a log loses nothing that was acknowledged", async () => {
  const { ops, first } = await logWith(undefined, 0);
  const tried: Record<string, number> = {};
  for (const fault of FAULTS) {
    for (const [index, op] of ops.entries()) {
      if (index < first || !fault.ops.includes(op)) continue;
      await logWith(fault, index);
      const name = `${fault.code}${fault.hasEffect === true ? " after its effect" : ""}`;
      tried[name] = (tried[name] ?? 0) + 1;
    }
  }
  console.log(`${ops.length - first} operations:`, tried);
  for (const op of OPS) assert(ops.slice(first).includes(op), `no ${op} was tried`);
});
