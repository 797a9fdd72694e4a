// Each fault at each operation of the thread that writes large saves, which runs from its text in this
// realm, on real files.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { CommitFailure, CommitResult, FilesToCommit } from "../../storage/commit_files.ts";
import { firstDifference, StoreFullError } from "../../storage/mod.ts";
import { asStoreError } from "../../storage/io_errors.ts";
import { unsealed } from "../../storage/seal.ts";
import { ThreadWriter, type WriterWorker } from "../../storage/thread_writer.ts";
import { SumHole } from "../../storage/unsummed.ts";
import { noise } from "./sample.ts";
import { type MESSAGES, systemError } from "./system_error.ts";
import { type Scope, startHere } from "./thread_here.ts";
import { temporaryFolder } from "./watched_file_system.ts";

type Op =
  | ("create" | "again" | "open" | "write" | "sync" | "ahead" | "syncFolder")
  | ("link" | "remove" | "look");

/** An operation: which it is, on which path of the folder, and the how manyth of that. */
interface Operation {
  readonly op: Op;
  readonly path: string;
  readonly count: number;
}

/** What happens to an operation; `"gone"` means that from then on all fails. */
interface Fault {
  readonly name: string;
  readonly ops: readonly Op[];
  readonly effect: "none" | "half" | "whole" | "short" | "gone";
  readonly code?: keyof typeof MESSAGES;
}

const ALL: readonly Op[] = [
  ...["create", "again", "open", "write", "sync", "ahead"] as const,
  ...["syncFolder", "link", "remove", "look"] as const,
];
const BROKEN = ALL.filter((op) => !["create", "again", "open"].includes(op));
const FULL: readonly Op[] = ["create", "write", "sync", "ahead", "link"];
const FAULTS: readonly Fault[] = [
  { name: "ENOSPC", ops: FULL, effect: "none", code: "ENOSPC" },
  { name: "ENOSPC in mid-write", ops: ["write"], effect: "half", code: "ENOSPC" },
  { name: "EIO", ops: BROKEN, effect: "none", code: "EIO" },
  { name: "EIO after the effect", ops: ["link", "remove"], effect: "whole", code: "EIO" },
  { name: "EIO from then on", ops: ALL, effect: "gone", code: "EIO" },
  { name: "EMFILE", ops: ["create", "again", "open"], effect: "none", code: "EMFILE" },
  { name: "short", ops: ["write"], effect: "short" },
];

/** Deno, in one folder, with a fault in one operation. */
class FaultyDeno {
  readonly errors = Deno.errors;
  readonly log: Operation[] = [];
  /** How many files are open. */
  open = 0;
  #isHit = false;
  #isGone = false;

  constructor(
    private readonly root: string,
    private readonly fault?: Fault,
    private readonly at?: Operation,
  ) {}

  /** All is well again. */
  mend(): void {
    this.#isGone = false;
  }

  #take(op: Op, path: string): Fault["effect"] | undefined {
    const short = path.slice(this.root.length + 1);
    const count = this.log.filter((done) => done.op === op && done.path === short).length;
    this.log.push({ op, path: short, count });
    const { at } = this;
    if (this.#isGone) this.#fail();
    if (this.#isHit || at?.op !== op || at.path !== short || at.count !== count) return undefined;
    this.#isHit = true;
    const { effect } = this.fault!;
    this.#isGone = effect === "gone";
    if (effect === "none" || effect === "gone") this.#fail();
    return effect;
  }

  #fail(): never {
    throw systemError(this.fault!.code!);
  }

  #whole(op: Op, path: string, run: () => void): void {
    const effect = this.#take(op, path);
    run();
    if (effect === "whole") this.#fail();
  }

  openSync = (path: string, options: Deno.OpenOptions) => {
    const op = options.createNew === true ? "create" : options.write === true ? "again" : "open";
    this.#take(op, path);
    const file = Deno.openSync(path, options);
    this.open++;
    const close = (): void => {
      this.open--;
      file.close();
    };
    return {
      writeSync: (bytes: Uint8Array) => {
        const effect = this.#take("write", path);
        if (effect === undefined) return file.writeSync(bytes);
        const count = file.writeSync(bytes.subarray(0, Math.ceil(bytes.length / 2)));
        return effect === "half" ? this.#fail() : count;
      },
      // deno-lint-ignore require-await -- what is thrown is a promise's
      sync: async () => void this.#take("syncFolder", path),
      // deno-lint-ignore require-await
      syncData: async () => void this.#take(op === "again" ? "ahead" : "sync", path),
      close,
      [Symbol.dispose]: close,
    };
  };
  linkSync = (from: string, to: string) => this.#whole("link", to, () => Deno.linkSync(from, to));
  removeSync = (path: string) => this.#whole("remove", path, () => Deno.removeSync(path));
  lstatSync = (path: string) => {
    this.#take("look", path);
    return Deno.lstatSync(path);
  };
}

/** Has the thread begin to sync after a few KiB, so that files need not be large. */
function aheadSoon(text: string): string {
  const changed = text.replace("AHEAD_BYTES = 64 * 1024 * 1024", "AHEAD_BYTES = 80 * 1024");
  assert(changed !== text);
  return changed;
}

/** A thread that is asked as the real one is: through messages, of which it has copies. */
function workerHere(fake: FaultyDeno): WriterWorker {
  const worker: WriterWorker = {
    ...{ onmessage: null, onerror: null, terminate() {} },
    postMessage: (request, transfer) => {
      scope.onmessage?.({ data: structuredClone(request, { transfer }) });
    },
  };
  const scope: Scope = {
    postMessage: (data) => worker.onmessage?.(new MessageEvent("message", { data })),
  };
  startHere(scope, fake, aheadSoon);
  return worker;
}

/** Two packs and a record that holds the sums of their blocks. */
function filesOf(root: string, number: number, hasLinks: boolean): FilesToCommit {
  const path = (name: string) => join(root, name);
  const holes = Array.from({ length: 3 }, (_, block) => new SumHole(block));
  return {
    packs: [
      { path: path(`packs/p${number}`), blocks: [[noise(200_000), noise(9)], [noise(100, 2)]] },
      { path: path(`packs/q${number}`), blocks: [[noise(90_000, 3)]] },
    ],
    folders: [path("packs")],
    record: {
      ...{ path: path(`epochs/r${number}`), folder: path("epochs"), newer: path("attempts/2") },
      temporary: hasLinks ? path(`epochs/.t${number}`) : undefined,
      content: unsealed("manifest", new Map([["sums", holes]])),
    },
    sync: true,
  };
}

/** All files, but for what a commit may leave beside the record. */
function contents(root: string): Record<string, Uint8Array> {
  const found: Record<string, Uint8Array> = {};
  for (const folder of ["packs", "epochs"]) {
    for (const { name } of Deno.readDirSync(join(root, folder))) {
      found[`${folder}/${name}`] = Deno.readFileSync(join(root, folder, name));
    }
  }
  return found;
}

/** What is to come of a commit with a fault: the step that fails; none where it is committed all the same. */
function failedStep(fault: Fault, at: Operation, hasLinks: boolean): CommitFailure["failed"] | "" {
  if (fault.code === undefined || at.op === "again" && fault.effect !== "gone") return "";
  if (at.op === "look") return "look";
  // The record is there, and so a name that stays beside it, or a disk that is gone then, is no failure.
  if (at.op === "remove") return fault.effect === "gone" ? "look" : "";
  if (at.op === "link" || at.path === "epochs") return "link";
  // Where it has its own name from the start, and cannot be removed, it may be whole.
  const isOwn = at.path === "epochs/r1" && at.op !== "create" && !hasLinks;
  return fault.effect === "gone" && isOwn ? "link" : "write";
}

/** Checks a commit that was to fail, and removes what it has begun, as its caller does. */
function checkFailed(
  result: CommitResult,
  expected: CommitFailure["failed"],
  { root, fault, at }: { root: string; fault: Fault; at: Operation },
): void {
  assert("failed" in result, "it is committed");
  assertEquals(result.failed, expected);
  const typed = asStoreError(result.error, "write", result.path, root);
  assertEquals(typed instanceof StoreFullError, fault.code === "ENOSPC");
  assertEquals(Reflect.get(result.error as Error, "code"), fault.code);
  const failedAt = result.path.slice(root.length + 1);
  if (fault.effect !== "gone") assertEquals(failedAt, at.path);
  const there = Object.keys(contents(root));
  const begun = result.begun.map((path) => path.slice(root.length + 1));
  assertEquals(begun.toSorted(), there.filter((name) => name.startsWith("packs/")).sort());
  if (expected === "look") return assert(there.includes("epochs/r1"));
  if (expected === "link") return assertEquals(begun, ["packs/p1", "packs/q1"]);
  assert(
    !there.includes("epochs/r1"),
    "it says that nothing is committed, and the record is there",
  );
  for (const path of result.begun) Deno.removeSync(path);
}

/** Commits with a fault, and then without; gives the operations of the first commit, and its outcome. */
async function commitWith(
  hasLinks: boolean,
  fault?: Fault,
  at?: Operation,
): Promise<{ readonly log: readonly Operation[]; readonly outcome: string }> {
  await using folder = await temporaryFolder();
  const root = folder.path;
  for (const name of ["packs", "epochs", "attempts"]) Deno.mkdirSync(join(root, name));
  const fake = new FaultyDeno(root, fault, at);
  const writer = new ThreadWriter(() => workerHere(fake));
  writer.keep();
  const result = await writer.commit(filesOf(root, 1, hasLinks));
  assertEquals(fake.open, 0, "a file is left open");
  const log = [...fake.log];
  const expected = fault && at ? failedStep(fault, at, hasLinks) : "";
  if (expected === "") assert("sums" in result, Deno.inspect(result));
  else checkFailed(result, expected, { root, fault: fault!, at: at! });
  fake.mend();
  const next = await writer.commit(filesOf(root, 2, hasLinks));
  writer.release();
  assert("sums" in next, "the next commit fails");
  assertEquals(fake.open, 0, "a file of the next commit is left open");
  const found = contents(root);
  // What the two have in common is what both hold, to the byte.
  for (const name of ["packs/p", "packs/q", "epochs/r"]) {
    const whole = found[`${name}2`];
    assert(whole !== undefined);
    const isSame = firstDifference(found[`${name}1`], whole) === undefined;
    if (expected === "") assert(isSame, `${name}1 is not whole`);
  }
  assertEquals([found["packs/p2"]?.length, found["packs/q2"]?.length], [200_116, 90_005]);
  // A temporary name stays only where it cannot be removed.
  const stays = at?.op === "remove" && fault?.effect === "none" || fault?.effect === "gone";
  if (!stays) assert(!("epochs/.t1" in found), "a temporary name is left");
  return { log, outcome: expected === "" ? "committed" : `failed at ${expected}` };
}

Deno.test("each fault at each operation of the thread: its commit says what came of it, and the next one works", async () => {
  const counts: Record<string, number> = {};
  const problems: string[] = [];
  let operations = 0;
  const seen = new Set<Op>();
  for (const hasLinks of [true, false]) {
    const { log } = await commitWith(hasLinks);
    operations += log.length;
    for (const at of log) {
      seen.add(at.op);
      for (const fault of FAULTS.filter(({ ops }) => ops.includes(at.op))) {
        try {
          const { outcome } = await commitWith(hasLinks, fault, at);
          const key = `${fault.name}: ${outcome}`;
          counts[key] = (counts[key] ?? 0) + 1;
        } catch (error) {
          const where = `${fault.name} at ${at.op} ${at.path} (${at.count}, links: ${hasLinks})`;
          problems.push(`${where}: ${error instanceof Error ? error.message : error}`);
        }
      }
    }
  }
  assertEquals(problems, []);
  assertEquals([...seen].sort(), [...ALL].sort());
  const tried = Object.values(counts).reduce((sum, count) => sum + count, 0);
  console.log(`${operations} operations, ${tried} (operation, fault) pairs:`, counts);
  assert(tried > 80, `${tried} pairs`);
});
