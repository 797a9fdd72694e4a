import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  type Attempt,
  checkName,
  CheckpointStore,
  denoFileSystem,
  FileStore,
  type FileSystem,
  formatRef,
  type ManifestRef,
  StoreError,
  StoreFullError,
} from "../../storage/mod.ts";
import { assertSameBlobs, begin, noise, save, value } from "./sample.ts";
import { type MESSAGES, systemError } from "./system_error.ts";
import { type Operation, temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

type Op = Operation["op"];

/** What happens to one operation: it fails before, in or after its effect, or is short or slow. */
interface Fault {
  readonly name: string;
  readonly ops: readonly Op[];
  readonly effect: "none" | "half" | "whole" | "short" | "slow";
  readonly code?: keyof typeof MESSAGES;
}

const ALL: readonly Op[] = [
  ...["create", "write", "sync", "open", "read", "link"] as const,
  ...["remove", "makeFolder", "syncFile", "syncFolder", "list", "stat"] as const,
];
const FULL: readonly Op[] = ["create", "write", "makeFolder", "link", "sync"];
const BROKEN: readonly Op[] = [
  ...["read", "write", "sync", "syncFile", "syncFolder", "list", "stat", "link", "remove"] as const,
];
const FAULTS: readonly Fault[] = [
  { name: "ENOSPC", ops: FULL, effect: "none", code: "ENOSPC" },
  { name: "ENOSPC in mid-write", ops: ["write"], effect: "half", code: "ENOSPC" },
  { name: "EIO", ops: BROKEN, effect: "none", code: "EIO" },
  { name: "EIO after the effect", ops: ["link", "remove"], effect: "whole", code: "EIO" },
  { name: "EMFILE", ops: ["create", "open"], effect: "none", code: "EMFILE" },
  { name: "short", ops: ["write", "read"], effect: "short" },
  { name: "slow", ops: ALL, effect: "slow" },
];

/** Deno's file system, with one fault in the first operation from the `index`th on that it fits. */
class Faulty {
  readonly fileSystem: FileSystem;
  readonly log: Operation[] = [];
  readonly error: Error | undefined;
  hit: Operation | undefined;
  #pending: Fault["effect"] | undefined;

  constructor(fault: Fault | undefined, index: number) {
    this.error = fault?.code && systemError(fault.code);
    this.fileSystem = watchedFileSystem(async (operation) => {
      this.log.push(operation);
      const isIt = this.hit === undefined && this.log.length > index;
      if (fault === undefined || !isIt || !fault.ops.includes(operation.op)) return;
      this.hit = operation;
      if (fault.effect === "none") throw this.error;
      if (fault.effect !== "slow") this.#pending = fault.effect;
      else await new Promise((resolve) => setTimeout(resolve, 3));
    }, this.#inner(denoFileSystem()));
  }

  #take(): Fault["effect"] | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  async #whole(run: () => Promise<void>): Promise<void> {
    const effect = this.#take();
    await run();
    if (effect === "whole") throw this.error;
  }

  #inner(real: FileSystem): FileSystem {
    return {
      ...real,
      link: (from, to) => this.#whole(() => real.link(from, to)),
      remove: (path) => this.#whole(() => real.remove(path)),
      create: async (path) => {
        const file = await real.create(path);
        return {
          write: async (bytes) => {
            const effect = this.#take();
            if (effect === undefined) return await file.write(bytes);
            const written = await file.write(bytes.subarray(0, Math.ceil(bytes.length / 2)));
            if (effect === "half") throw this.error;
            return written;
          },
          sync: () => file.sync(),
          close: () => file.close(),
        };
      },
      open: async (path) => {
        const file = await real.open(path);
        return {
          byteLength: file.byteLength,
          readAt: (offset, into) =>
            file.readAt(offset, this.#take() === "short" ? into.subarray(0, 1) : into),
          close: () => file.close(),
        };
      },
    };
  }
}

/** Values of an epoch: in the manifest, in one block, in two, and one that never changes. */
const BLOBS = Array.from({ length: 9 }, (_, epoch) => {
  return { small: epoch, one: noise(9000, epoch), two: noise(270_000, epoch), same: noise(5000) };
});

function blobsOf(epoch: number): Readonly<Record<string, unknown>> {
  return BLOBS[epoch]!;
}

function nodesOf(epoch: number): Parameters<typeof save>[2] {
  const { small, one, two, same } = blobsOf(epoch);
  return {
    main: { small: value(small), two: value(two), none: { absent: true } },
    other: { one: value(one), same: value(same) },
  };
}

/** What the work has been told so far. */
interface Told {
  readonly kept: Map<string, ManifestRef>;
  attempts: number;
}

async function readBack(store: CheckpointStore, ref: ManifestRef): Promise<void> {
  const blobs = await store.readBlobs(await store.readManifest(ref), () => true);
  const all = {
    ...Object.fromEntries(blobs.get("main")!),
    ...Object.fromEntries(blobs.get("other")!),
  };
  assertSameBlobs(all, blobsOf(ref.epoch));
}

async function saveNext(attempt: Attempt, epoch: number, told: Told, more = {}): Promise<void> {
  const ref = await save(attempt, epoch, nodesOf(epoch), more);
  told.kept.set(formatRef(ref), { epoch, attempt: ref.attempt, phase: ref.phase });
}

async function removeOne(attempt: Attempt, ref: string, told: Told): Promise<void> {
  const going = told.kept.get(ref)!;
  told.kept.delete(ref);
  await attempt.remove([going]);
}

/** Two attempts that save, carry, reclaim, remove, pin, sweep and load. */
async function work(under: FileStore, told: Told): Promise<void> {
  const store = await CheckpointStore.open(under, { job: "job" });
  const first = await begin(store);
  told.attempts++;
  await saveNext(first, 0, told);
  await saveNext(first, 1, told, { phase: "epoch", metrics: { "main/small": 1 } });
  await removeOne(first, "0@a1", told);
  await store.pin({ epoch: 1, attempt: 1 });
  await saveNext(first, 1, told, { phase: "upload" });
  const again = await CheckpointStore.open(under, { job: "job" });
  const { line } = await again.history();
  for (const ref of line) await readBack(again, ref);
  const second = await begin(again, line.at(-1));
  told.attempts++;
  await saveNext(second, 2, told);
  const { nodes } = await again.readManifest(told.kept.get("2@a2")!);
  const { main = {} } = nodesOf(3) ?? {};
  const other = { one: value(blobsOf(3).one), same: { carry: nodes.other!.same! } };
  const ref = await save(second, 3, { main, other }, { reclaim: true });
  told.kept.set(formatRef(ref), { epoch: 3, attempt: 2, phase: "epoch" });
  await again.unpin({ epoch: 1, attempt: 1 });
  await removeOne(second, "2@a2", told);
  await second.sweep();
  await again.check(await again.readManifest(told.kept.get("3@a2")!), { full: true });
}

/** All that was acknowledged is there, and whatever is there is right; then a new attempt goes on. */
async function goOn(under: FileStore, told: Told): Promise<void> {
  const store = await CheckpointStore.open(under, { job: "job" });
  const { manifests, line, sides, damaged, attempts } = await store.history();
  assertEquals([sides, damaged], [[], []]);
  assert(attempts.length >= told.attempts, "an attempt is lost");
  const found = new Set(manifests.map(formatRef));
  for (const ref of told.kept.keys()) assert(found.has(ref), `${ref} was acknowledged and is lost`);
  for (const ref of manifests) await readBack(store, ref);
  // What failed once must not lower what later saves outlive.
  assertEquals((await under.promises()).durability, "power");
  const attempt = await begin(store, line.at(-1));
  told.attempts++;
  const epoch = (line.at(-1)?.epoch ?? -1) + 1;
  await saveNext(attempt, epoch, told);
  await readBack(store, told.kept.get(formatRef({ ...attempt.last! }))!);
}

function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let at = error; at instanceof Error; at = at.cause) causes.push(at);
  return causes;
}

function assertTyped(error: unknown, fault: Fault, faulty: Faulty, root: string): void {
  const what = Deno.inspect(error);
  assert(error instanceof StoreError, `no error of ours: ${what}`);
  assert(error.message.startsWith(`Cannot ${error.op} "${error.path}": `), error.message);
  // A path in the folder, or an object's name, which checkName would refuse otherwise.
  if (!error.path.startsWith(`${root}/`)) checkName(error.path);
  assert(causesOf(error).includes(faulty.error), `the cause is lost: ${what}`);
  const isFull = causesOf(error).some((cause) => cause instanceof StoreFullError);
  assertEquals(isFull, fault.code === "ENOSPC", what);
}

/** Where a failure may pass unnoticed: what is thrown away anyway, and what a save need not know. */
function mayBeIgnored({ op, path }: Operation): boolean {
  return (op === "remove" && /\/\.[^/]*\.tmp$/.test(path)) ||
    (op === "stat" && /\.pack$/.test(path));
}

/** Does the work with a fault; gives the operations that there were, and whether it failed. */
async function workWith(
  fault: Fault | undefined,
  index: number,
): Promise<{ readonly log: readonly Operation[]; readonly outcome: string }> {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "job");
  const faulty = new Faulty(fault, index);
  const under = new FileStore(root, { fileSystem: faulty.fileSystem });
  const told: Told = { kept: new Map(), attempts: 0 };
  let outcome = "succeeded";
  try {
    await work(under, told);
  } catch (error) {
    if (fault?.code === undefined) throw error;
    outcome = "failed";
    assertTyped(error, fault, faulty, folder.path);
  }
  const log = [...faulty.log];
  if (fault === undefined) return { log, outcome };
  if (faulty.hit === undefined) return { log, outcome: "none" };
  const { op, path } = faulty.hit;
  try {
    if (fault.code !== undefined && outcome === "succeeded") {
      assert(mayBeIgnored(faulty.hit), "the failure was swallowed");
    }
    if (fault.code !== undefined) await goOn(under, told);
    await goOn(new FileStore(root), told);
  } catch (error) {
    const where = `${fault.name} at ${op} ${path.slice(folder.path.length)} (${index})`;
    throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  return { log, outcome };
}

Deno.test("each fault at each operation: a typed error, nothing lost, and the store goes on", async () => {
  const { log } = await workWith(undefined, 0);
  assertEquals([...new Set(log.map(({ op }) => op))].sort(), [...ALL].sort());
  const pairs = FAULTS.flatMap((fault) =>
    log.flatMap(({ op }, index) => fault.ops.includes(op) ? [{ fault, index }] : [])
  );
  const counts: Record<string, number> = {};
  const problems: string[] = [];
  while (pairs.length > 0) {
    await Promise.all(
      pairs.splice(0, 16).map(async ({ fault, index }) => {
        try {
          const { outcome } = await workWith(fault, index);
          const key = `${fault.name}: ${outcome}`;
          counts[key] = (counts[key] ?? 0) + 1;
        } catch (error) {
          problems.push(error instanceof Error ? error.message : String(error));
        }
      }),
    );
  }
  assertEquals(problems, []);
  const tried = Object.values(counts).reduce((sum, count) => sum + count, 0);
  console.log(`${log.length} operations, ${tried} (operation, fault) pairs:`, counts);
  assert(tried > 400, `${tried} pairs`);
});
