// The writer thread's own calls, run from its text in this realm with a `Deno` that takes them down.
import { assert, assertEquals } from "@std/assert";
import { crc32 } from "node:zlib";
import type { FilesToCommit } from "../../storage/commit_files.ts";
import type { MemoryToFill } from "../../storage/fill_memory.ts";
import { unsealed } from "../../storage/seal.ts";
import { SumHole } from "../../storage/unsummed.ts";
import type { ThreadAnswer, ThreadRequest } from "../../storage/write_thread.ts";
import { noise } from "./sample.ts";
import { type Scope, startHere } from "./thread_here.ts";

const MIB = 1024 * 1024;

/** What fails, by how the call is taken down. */
type Fault = (call: string) => Error | undefined;

/** The thread, with a `Deno` that is pretended. */
interface Pretended {
  /** The calls that it has made, writes of one file in a row as one. */
  readonly calls: string[];
  /** Its answers, until as many are there as were asked for. */
  readonly answers: Promise<readonly ThreadAnswer[]>;
}

/** How long each read, and each sync, takes. */
const READ_MS = 2;
const SYNC_MS = 5;

/** Asks the thread. */
function ask(requests: readonly ThreadRequest[], fault: Fault = () => undefined): Pretended {
  const calls: string[] = [];
  const take = (call: string): void => {
    if (!call.startsWith("write ") || calls.at(-1) !== call) calls.push(call);
    const error = fault(call);
    if (error !== undefined) throw error;
  };
  const open = (path: string, options: Deno.OpenOptions) => {
    const how = options.createNew === true ? "create" : options.write === true ? "again" : "open";
    take(`${how} ${path}`);
    return {
      writeSync(bytes: Uint8Array) {
        take(`write ${path}`);
        return bytes.byteLength;
      },
      seekSync: () => {},
      readSync(into: Uint8Array) {
        for (const from = performance.now(); performance.now() - from < READ_MS;);
        return into.byteLength;
      },
      sync: () => soon(() => take(`sync ${path}`)),
      syncData: () => soon(() => take(`${how === "again" ? "ahead" : "sync"} ${path}`)),
      close: () => take(`close ${path}`),
      [Symbol.dispose]: () => take(`close ${path}`),
    };
  };
  const fake = {
    errors: Deno.errors,
    SeekMode: Deno.SeekMode,
    openSync: open,
    linkSync: (from: string, to: string) => take(`link ${from} ${to}`),
    removeSync: (path: string) => take(`remove ${path}`),
    utimeSync: (path: string) => take(`touch ${path}`),
    lstatSync(path: string) {
      take(`look ${path}`);
      throw new Deno.errors.NotFound();
    },
  };
  const answered = Promise.withResolvers<readonly ThreadAnswer[]>();
  const answers: ThreadAnswer[] = [];
  const wanted = requests.filter((request) => "commit" in request || "fill" in request).length;
  const scope: Scope = {
    postMessage(answer) {
      if (answers.push(answer) < wanted) return;
      for (const { id } of requests) scope.onmessage?.({ data: { id, isOver: true } });
      answered.resolve(answers);
    },
  };
  startHere(scope, fake);
  for (const data of requests) scope.onmessage?.({ data });
  return { calls, answers: answered.promise };
}

/** What a call that is made aside gives. */
async function soon(call: () => void): Promise<void> {
  try {
    call();
  } finally {
    await new Promise((resolve) => setTimeout(resolve, SYNC_MS));
  }
}

/** Has the thread commit files; gives its calls, and its answer. */
async function commit(
  files: FilesToCommit,
  fault?: Fault,
): Promise<{ readonly calls: readonly string[]; readonly answer: ThreadAnswer }> {
  const { answers, calls } = ask([{ id: 1, commit: files, asksAtPoints: false }], fault);
  const [answer] = await answers;
  assert(answer !== undefined);
  return { answer, calls };
}

/** Memory to be filled with so many blocks of 1 MiB. */
function memory(count: number): MemoryToFill {
  const bytes = new Uint8Array(MIB);
  const block = { path: "packs/old", offset: 0, length: MIB, crc32: crc32(bytes) };
  return {
    memory: new Uint8Array(count * MIB),
    blocks: Array.from({ length: count }, () => block),
  };
}

function files(blocks: readonly Uint8Array[], given: Partial<FilesToCommit> = {}): FilesToCommit {
  const holes = blocks.map((_, index) => new SumHole(index));
  return {
    packs: [{ path: "packs/p", blocks: blocks.map((block) => [block]) }],
    folders: ["packs"],
    record: {
      ...{ path: "epochs/r", folder: "epochs", temporary: "epochs/.t", newer: "attempts/2" },
      content: unsealed("manifest", new Map([["sums", holes]])),
    },
    sync: true,
    ...given,
  };
}

const small = [noise(1000)];
/** So much that the disk is set to work once before the end. */
const large = Array.from({ length: 9 }, () => new Uint8Array(8 * MIB));

Deno.test("the thread syncs each file and folder before what builds on it", async () => {
  const { answer, calls } = await commit(files(small));
  assert("committed" in answer);
  assertEquals(calls, [
    ...["create packs/p", "write packs/p", "sync packs/p", "close packs/p"],
    ...["open packs", "sync packs", "close packs"],
    ...["create epochs/.t", "write epochs/.t", "sync epochs/.t", "close epochs/.t"],
    "link epochs/.t epochs/r",
    ...["open epochs", "sync epochs", "close epochs"],
    ...["remove epochs/.t", "look attempts/2"],
  ]);
});

Deno.test("where saves need not outlive a power cut, the order is the same without syncs", async () => {
  const { answer, calls } = await commit(files(small, { sync: false }));
  assert("committed" in answer);
  assertEquals(calls, [
    ...["create packs/p", "write packs/p", "close packs/p"],
    ...["create epochs/.t", "write epochs/.t", "close epochs/.t"],
    ...["link epochs/.t epochs/r", "remove epochs/.t", "look attempts/2"],
  ]);
});

Deno.test("the thread sets the disk to work on a large pack, and syncs it in the end all the same", async () => {
  const { answer, calls } = await commit(files(large, { record: undefined }));
  assert("committed" in answer);
  assertEquals(calls, [
    ...["create packs/p", "write packs/p", "again packs/p", "ahead packs/p", "write packs/p"],
    ...["sync packs/p", "close packs/p", "close packs/p"],
    ...["open packs", "sync packs", "close packs"],
  ]);
});

Deno.test("a sync that fails fails the commit, also one that was made ahead", async () => {
  for (const call of ["sync packs/p", "ahead packs/p", "sync packs", "sync epochs/.t"]) {
    const error = new Error("Input/output error");
    const { answer, calls } = await commit(files(large), (made) => {
      return made === call ? error : undefined;
    });
    assert("failure" in answer, call);
    assertEquals([answer.failure.failed, answer.error.message], ["write", error.message]);
    assert(calls.every((made) => !made.startsWith("link")), call);
    assertEquals(calls.filter((made) => made === call).length, 1);
  }
  const { answer } = await commit(
    files(small),
    (made) => made === "sync epochs" ? new Error("Input/output error") : undefined,
  );
  assert("failure" in answer && answer.failure.failed === "link");
});

Deno.test("where a file cannot be opened once more, it is synced in the end only", async () => {
  const full = Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
  const twice = Array.from({ length: 2 }, () => large).flat();
  const { answer, calls } = await commit(
    files(twice, { record: undefined }),
    (made) => made === "again packs/p" ? full : undefined,
  );
  assert("committed" in answer);
  assertEquals(calls, [
    ...["create packs/p", "write packs/p", "again packs/p", "write packs/p"],
    ...["sync packs/p", "close packs/p", "open packs", "sync packs", "close packs"],
  ]);
});

Deno.test("a heart beats while memory is filled, and while a sync takes its time", async () => {
  const filled = ask([{ id: 1, beat: { path: "held", everyMs: 1 } }, { id: 2, fill: memory(40) }]);
  assertEquals(await filled.answers, [{ id: 2, filled: 40 }]);
  assert(filled.calls.includes("touch held"));

  const synced = ask([
    { id: 1, beat: { path: "held", everyMs: 1 } },
    // So little that it never turns but for its syncs.
    { id: 2, commit: files(small), asksAtPoints: false },
  ]);
  await synced.answers;
  assert(synced.calls.includes("touch held"));
});

Deno.test("a heart that is over is still", async () => {
  const { calls, answers } = ask([
    { id: 1, beat: { path: "held", everyMs: 1 } },
    { id: 1, isOver: true },
    { id: 2, fill: memory(20) },
  ]);
  await answers;
  assertEquals(calls.filter((call) => call.startsWith("touch")), []);
});

Deno.test("a commit does not wait until memory is filled", async () => {
  const { answers } = ask([
    { id: 1, fill: memory(100) },
    { id: 2, commit: files(small), asksAtPoints: false },
  ]);
  const [first, second] = await answers;
  assert(first !== undefined && "committed" in first);
  assertEquals(second, { id: 1, filled: 100 });
});

Deno.test("a pack is synced while the next one is written, and its failure fails the commit", async () => {
  const blocks = [[new Uint8Array(8 * MIB)]];
  const packs = ["packs/p", "packs/q"].map((path) => ({ path, blocks }));
  const { answer, calls } = await commit(files([], { packs, record: undefined }));
  assert("committed" in answer);
  assertEquals([...new Set(calls)].filter((call) => /^(write|sync)/.test(call)), [
    ...["write packs/p", "sync packs/p", "write packs/q", "sync packs/q", "sync packs"],
  ]);
  // When the sync ends that goes on meanwhile is the machine's affair.
  for (const path of ["packs/p", "packs/q", "packs"]) {
    assert(calls.indexOf(`close ${path}`) > calls.lastIndexOf(`sync ${path}`), path);
  }
  for (const call of ["sync packs/p", "write packs/q", "sync packs/q"]) {
    const error = new Error("Input/output error");
    const { answer, calls } = await commit(
      files([], { packs }),
      (made) => made === call ? error : undefined,
    );
    assert("failure" in answer && answer.failure.path === call.slice(call.indexOf(" ") + 1), call);
    assertEquals([answer.failure.failed, answer.failure.begun], ["write", ["packs/p", "packs/q"]]);
    assertEquals(calls.filter((made) => made.startsWith("close")).length, 2);
    assert(calls.every((made) => !/^(link|sync packs$)/.test(made)), call);
  }
});
