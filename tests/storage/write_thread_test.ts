// The writer thread's own calls, run from its text in this realm with a `Deno` that takes them down.
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers";
import { crc32 } from "node:zlib";
import type { FilesToCommit } from "../../storage/commit_files.ts";
import { unsealed } from "../../storage/seal.ts";
import { SumHole } from "../../storage/unsummed.ts";
import { type ThreadAnswer, type ThreadRequest, threadSource } from "../../storage/write_thread.ts";
import { noise } from "./sample.ts";

const MIB = 1024 * 1024;

/** What fails, by how the call is taken down. */
type Fault = (call: string) => Error | undefined;

/** Has the thread commit files; gives its calls, writes of one file in a row as one, and its answer. */
async function commit(
  files: FilesToCommit,
  fault: Fault = () => undefined,
): Promise<{ readonly calls: readonly string[]; readonly answer: ThreadAnswer }> {
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
      syncDataSync: () => take(`sync ${path}`),
      syncSync: () => take(`sync ${path}`),
      syncData: () => new Promise<void>((resolve) => resolve(take(`ahead ${path}`))),
      close: () => take(`close ${path}`),
      [Symbol.dispose]: () => take(`close ${path}`),
    };
  };
  const fake = {
    errors: Deno.errors,
    openSync: open,
    linkSync: (from: string, to: string) => take(`link ${from} ${to}`),
    removeSync: (path: string) => take(`remove ${path}`),
    lstatSync(path: string) {
      take(`look ${path}`);
      throw new Deno.errors.NotFound();
    },
  };
  const answered = Promise.withResolvers<ThreadAnswer>();
  const scope: {
    postMessage: (answer: ThreadAnswer) => void;
    onmessage?: (event: { readonly data: ThreadRequest }) => void;
  } = { postMessage: answered.resolve };
  const given = { globalThis: scope, Deno: fake, createHash, crc32, setImmediate };
  const text = threadSource().replace(/^import .*$/gm, "");
  new Function(...Object.keys(given), text)(...Object.values(given));
  scope.onmessage?.({ data: { id: 1, commit: files, asksAtPoints: false } });
  return { answer: await answered.promise, calls };
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
