/**
 * Runs the text of the thread that writes, as a `Worker` would, over a simulated disk.
 */

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers";
import { crc32 } from "node:zlib";
import { type ThreadScope, threadSource } from "../../storage/write_thread.ts";
import type { Disk } from "../simulation/disk.ts";
import type { Note } from "./notes.ts";
import { ROOT } from "../simulation/runner.ts";
import type { SimulatedProcess } from "./scheduler.ts";

/** Before one of so many of its calls the process of the thread is killed. */
const ONE_KILL_IN = 1000;

/** What is beneath the thread. */
export interface TextGiven {
  /** The disk. */
  readonly disk: Disk<Note>;
  /** Whose thread it is. */
  readonly process: SimulatedProcess;
  /** Touches a file. */
  readonly touch: (path: string) => void;
}

/** Runs the text. What a module would import is given to it, as is a `Deno` of the simulation's. */
export function runText(
  scope: ThreadScope,
  given: TextGiven,
  change: (text: string) => string = (text) => text,
): void {
  const names = ["globalThis", "Deno", "createHash", "setImmediate", "crc32"];
  const text = change(threadSource()).replaceAll(/^import .*;$/gm, "");
  const run = new Function(...names, `"use strict";\n${text}`);
  run(scope, denoOf(given), createHash, setImmediate, crc32);
}

/** As much of Deno's API as the thread calls. */
function denoOf({ disk, process, touch }: TextGiven): Record<string, unknown> {
  const calls = disk.calls();
  const { scheduler } = process;
  const say = (op: string, path: string) => `${op} ${path.slice(ROOT.length + 1) || "."}`;
  /** A call that is done at once, unless the process is dead, or dies. */
  const atOnce = <T>(op: string, path: string, run: () => T): T => {
    const mayDie = !process.isOver && !process.isSpared;
    if (mayDie && scheduler.random(ONE_KILL_IN) === 0) {
      scheduler.trace.push(`${process.name}: killed before its thread could ${say(op, path)}`);
      process.die();
    }
    if (process.isOver) throw new Error("the process is dead");
    scheduler.trace.push(`${process.name}: the thread: ${say(op, path)}`);
    return run();
  };
  /** A call that takes its time. */
  const aside = (op: string, path: string, run: () => void): Promise<void> =>
    scheduler.operate(process, say(op, path), () => {
      run();
      return Promise.resolve();
    });
  const newFile = (path: string) => {
    const node = atOnce("create", path, () => calls.create(path));
    return {
      writeSync: (bytes: Uint8Array) => atOnce("write", path, () => calls.write(path, node, bytes)),
      syncData: () => aside("sync", path, () => calls.sync(path, node)),
      close: () => {},
    };
  };
  const opened = (path: string) => {
    let at = 0;
    return {
      seekSync: (offset: number) => at = offset,
      readSync: (into: Uint8Array) => {
        const read = calls.read(path).subarray(at, at + into.byteLength);
        into.set(read);
        at += read.byteLength;
        return read.byteLength === 0 ? null : read.byteLength;
      },
      sync: () => aside("sync folder", path, () => calls.syncFolder(path)),
      close: () => {},
      [Symbol.dispose]: () => {},
    };
  };
  return {
    errors: Deno.errors,
    SeekMode: Deno.SeekMode,
    openSync: (path: string, { createNew }: Deno.OpenOptions) =>
      createNew === true ? newFile(path) : atOnce("open", path, () => opened(path)),
    linkSync: (from: string, to: string) =>
      atOnce("link", to, () => {
        disk.note({ note: "link", by: process.name, atMs: scheduler.nowMs });
        calls.link(from, to);
      }),
    removeSync: (path: string) => atOnce("remove", path, () => calls.remove(path)),
    lstatSync: (path: string) =>
      atOnce("stat", path, () => {
        if (!calls.exists(path)) throw new Deno.errors.NotFound(path);
        return {};
      }),
    utimeSync: (path: string) => atOnce("touch", path, () => touch(path)),
  };
}
