// Runs the writer thread's own text in this realm, with a `Deno` that is not the real one.
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers";
import { crc32 } from "node:zlib";
import { type ThreadAnswer, type ThreadRequest, threadSource } from "../../storage/write_thread.ts";

/** Where the thread hears and answers. */
export interface Scope {
  /** Takes its answers. */
  readonly postMessage: (answer: ThreadAnswer) => void;
  /** What asks it, once it is started. */
  onmessage?: (event: { readonly data: ThreadRequest }) => void;
}

/** Starts the thread; `change` is made to its text. */
export function startHere(scope: Scope, fake: object, change = (text: string) => text): void {
  const given = { globalThis: scope, Deno: fake, createHash, crc32, setImmediate };
  const text = change(threadSource()).replace(/^import .*$/gm, "");
  new Function(...Object.keys(given), text)(...Object.values(given));
}
