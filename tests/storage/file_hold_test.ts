// Holds of a folder: by one process, by two, and between machines whose locks do not reach each other.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { holdFile } from "../../storage/file_hold.ts";
import type { FileLocks } from "../../storage/file_locks.ts";
import { ThreadWriter } from "../../storage/thread_writer.ts";
import {
  encodeHolder,
  type Hold,
  type HoldRequest,
  MAX_DIED,
  MAX_HOLDER_BYTES,
} from "../../storage/hold.ts";
import { FileStore, StoreError } from "../../storage/mod.ts";

const REQUEST: HoldRequest = { purpose: "run", pid: 7, host: undefined, sinceMs: 1_000 };

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("hold: one has it until it lets go, and says who it is", () =>
  inFolder(async (folder) => {
    const [first, second] = [
      new FileStore(join(folder, "job")),
      new FileStore(join(folder, "job")),
    ];
    assertEquals(await second.holder(), undefined);
    const taken = await first.hold(REQUEST);
    assert("hold" in taken);
    const { beatAgoMs, ...holder } = (await second.holder())!;
    assertEquals(holder, REQUEST);
    assert(beatAgoMs !== undefined && beatAgoMs < 60_000);
    const refused = await second.hold({ ...REQUEST, pid: 8 });
    assert("holder" in refused);
    assertEquals(refused.holder.pid, 7);
    await taken.hold.release();
    await taken.hold.release();
    assertEquals(await second.holder(), undefined);
    const now = await second.hold({ ...REQUEST, pid: 8 });
    assert("hold" in now);
    await now.hold.release();
    assertEquals(await first.list(""), []);
  }));

Deno.test("hold: a holder that was killed has it no more, at once", () =>
  inFolder(async (folder) => {
    const path = join(folder, ".hold");
    const script = `
      const file = await Deno.open(${
      JSON.stringify(path)
    }, { write: true, read: true, create: true });
      console.log(await file.tryLock(true));
      setInterval(() => {}, 1000);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", script],
      ...{ stdout: "piped", stderr: "null" },
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader.read()).value, "true\n");
    const store = new FileStore(folder);
    assert("holder" in await store.hold(REQUEST));
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    const taken = await store.hold(REQUEST);
    assert("hold" in taken);
    await taken.hold.release();
  }));

Deno.test("hold: the heart beats while the thread is busy", () =>
  inFolder(async (folder) => {
    const path = join(folder, ".hold");
    await Deno.writeFile(path, new Uint8Array());
    await Deno.utime(path, 1, 1);
    using _beat = new ThreadWriter().beat({ path, everyMs: 20 });
    const end = performance.now() + 10_000;
    // Nothing here gives the event loop a turn.
    while (Deno.statSync(path).mtime?.getTime() === 1_000) assert(performance.now() < end);
  }));

Deno.test("hold: a link in its place is not followed", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "precious"), "mine");
    await Deno.mkdir(join(folder, "job"));
    await Deno.symlink(join(folder, "precious"), join(folder, "job", ".hold"));
    const store = new FileStore(join(folder, "job"));
    await assertRejects(() => store.hold(REQUEST), StoreError, "but is a link");
    await assertRejects(() => store.holder(), StoreError, "but is a link");
    assertEquals(await Deno.readTextFile(join(folder, "precious")), "mine");
  }));

/** Locks that do not reach the other machine, on which a holder's heart may beat. */
function farLocks(
  record: HoldRequest,
  beats: boolean,
): FileLocks & { readonly written: Uint8Array[] } {
  const written: Uint8Array[] = [];
  let touchedMs = 0;
  return {
    written,
    lock: () =>
      Promise.resolve({
        read: () => encodeHolder(record),
        write: (bytes) => void written.push(bytes),
        close: () => {},
      }),
    beat: () => ({ [Symbol.dispose]: () => {} }),
    look: () =>
      Promise.resolve({
        ...{ isLocked: false, bytes: encodeHolder(record) },
        touchedMs: beats ? touchedMs++ : 0,
      }),
  };
}

Deno.test("hold: another machine's is heard by its heart, where its lock does not reach here", async () => {
  let waitedMs = 0;
  const sleep = (ms: number): Promise<void> => {
    waitedMs += ms;
    return Promise.resolve();
  };
  const there = { ...REQUEST, host: "there" };
  const here = { ...REQUEST, host: "here" };
  const alive = farLocks(there, true);
  assertEquals(await holdFile(alive, "x", here, { sleep }), { holder: { ...there, beatAgoMs: 0 } });
  assertEquals(alive.written, []);
  assert(waitedMs < 1_000);
  waitedMs = 0;
  assert("hold" in await holdFile(farLocks(there, false), "x", here, { sleep }));
  assertEquals(waitedMs, 10_000);
  waitedMs = 0;
  // On one machine the lock says all.
  assert("hold" in await holdFile(farLocks(here, true), "x", here, { sleep }));
  assertEquals(waitedMs, 0);
});

/** A file whose lock keeps nobody out. */
class LooseFile {
  content: Uint8Array = new Uint8Array();
  readonly locks: FileLocks = {
    ...farLocks(REQUEST, false),
    lock: () =>
      Promise.resolve({
        read: () => this.content,
        write: (bytes) => void (this.content = bytes),
        close: () => {},
      }),
  };
}

Deno.test("hold: who was still for so long that another machine has taken it leaves that one its hold", async () => {
  const file = new LooseFile();
  const sleep = () => Promise.resolve();
  const here = await holdFile(file.locks, "x", { ...REQUEST, host: "here" }, { sleep });
  const there = await holdFile(file.locks, "x", { ...REQUEST, host: "there" }, { sleep });
  assert("hold" in here && "hold" in there);
  await here.hold.release();
  assertEquals(file.content, encodeHolder({ ...REQUEST, host: "there" }));
  await there.hold.release();
  assertEquals(file.content.byteLength, 0);
});

Deno.test("hold: who died while it read a state is told of to whoever comes next, until one gets further", async () => {
  const file = new LooseFile();
  const take = async (sinceMs: number): Promise<Hold> => {
    const taken = await holdFile(file.locks, "x", { ...REQUEST, sinceMs });
    assert("hold" in taken);
    return taken.hold;
  };
  const first = await take(1);
  assertEquals(first.diedLoading, undefined);
  await first.noteLoading?.({ state: "4@a3", diedMs: [] });
  // The first dies here: it lets go of nothing.
  const second = await take(2);
  assertEquals(second.diedLoading, { state: "4@a3", diedMs: [1] });
  await second.noteLoading?.(second.diedLoading);
  const third = await take(3);
  assertEquals(third.diedLoading, { state: "4@a3", diedMs: [1, 2] });
  const many = Array.from({ length: MAX_DIED }, (_, ms) => ms);
  await third.noteLoading?.({ state: "s".repeat(1_000), diedMs: many });
  assert(file.content.byteLength <= MAX_HOLDER_BYTES);
  const fourth = await take(77);
  assertEquals(fourth.diedLoading?.diedMs, [...many.slice(1), 3]);
  await fourth.noteLoading?.({ state: "4@a3", diedMs: [] });
  await fourth.noteLoading?.(undefined);
  // It had its attempt when it died.
  const fifth = await take(5);
  assertEquals(fifth.diedLoading, undefined);
  await fifth.noteLoading?.({ state: "4@a3", diedMs: [] });
  await fifth.release();
  await fifth.noteLoading?.({ state: "4@a3", diedMs: [] });
  assertEquals([file.content.byteLength, (await take(6)).diedLoading], [0, undefined]);
});

Deno.test("hold: a file system without locks says so, and one that fails throws", async () => {
  const failing = (error: Error): FileLocks => ({
    ...farLocks(REQUEST, false),
    lock: () => Promise.reject(error),
  });
  const none = Object.assign(new Error("no locks"), { code: "ENOLCK" });
  assertEquals(await holdFile(failing(none), "x", REQUEST), {
    impossible: 'the file system of "x" has no locks',
  });
  await assertRejects(() => holdFile(failing(new Error("EIO")), "x", REQUEST), Error, "EIO");
});
