/** A small job in a folder of its own, run by processes that are told to stop. */

import { fromFileUrl, join } from "@std/path";

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** The job. */
export const JOB = `
import { blob, epochs, job, main, param, task } from "tidemark";
const work = param("work", "quick", { choices: ["quick", "wait", "busy", "deaf", "late", "fail"] });
const count = param("epochs", 3, { integer: true, min: 1 });
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { work, total }, writes: { total }, timeout: Deno.args.includes("work=late") ? "1s" : "1m" })
  .run(async ({ work, total }, { epoch, signal, progress, log }) => {
    if (epoch === 2 && work !== "quick") {
      log("in epoch 2");
      if (work === "fail") throw new TypeError("a flaw in the job");
      if (work === "wait") await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const end = performance.now() + (work === "late" ? 2_500 : 20_000);
      while (performance.now() < end) if (work === "busy") progress(1, 2);
    }
    log("total " + (total + epoch));
    return { total: total + epoch };
  });
const adder = job("adder", {
  epoch: [add], until: epochs(count), checkpoint: { to: "file:checkpoints" },
});
export default adder;
await main(import.meta, adder);
`;

/** What a process did. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with a small job that may be told how to behave. */
export class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(text: string = JOB): Promise<Folder> {
    const path = await Deno.realPath(await Deno.makeTempDir());
    await Deno.writeTextFile(join(path, "job.ts"), text);
    return new Folder(path);
  }

  spawn(args: readonly string[], permissions?: readonly string[]): Deno.ChildProcess {
    const own = join(this.path, "checkpoints");
    const given = permissions ?? [`--allow-read=${own}`, `--allow-write=${own}`];
    return new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--config",
        CONFIG,
        ...given,
        join(this.path, "job.ts"),
        ...args,
      ],
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async run(...args: string[]): Promise<Ended> {
    return await ended(this.spawn(args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Waits for the end of a process. */
export async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** How long a process may take to say what is waited for, so that a test that fails also ends. */
const LONGEST_MS = 30_000;

/** Reads until a text has come, then sends signals; gives how it ended, and how soon after the last. */
export async function signalAt(
  child: Deno.ChildProcess,
  text: string,
  ...signals: (Deno.Signal | { readonly waitFor: string })[]
): Promise<Ended & { readonly signal: Deno.Signal | null; readonly tookMs: number }> {
  let out = "";
  let err = "";
  let isEnded = false;
  const waiting = new Set<() => void>();
  const told = (): void => waiting.forEach((look) => look());
  const read = async (
    stream: ReadableStream<Uint8Array>,
    add: (part: string) => void,
  ): Promise<void> => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      add(part);
      told();
    }
  };
  const until = (test: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (test()) resolve();
        else if (isEnded) reject(new Error(`it ended before that:\n${out}\n${err}`));
      };
      waiting.add(look);
      look();
    });
  const limit = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  const done = Promise.all([
    read(child.stdout, (part) => void (out += part)),
    read(child.stderr, (part) => void (err += part)),
  ]);
  void done.then(() => {
    isEnded = true;
    told();
  });
  let sentAt = 0;
  try {
    await until(() => out.includes(text));
    for (const signal of signals) {
      if (typeof signal !== "string") await until(() => err.includes(signal.waitFor));
      else {
        child.kill(signal);
        sentAt = performance.now();
      }
    }
  } finally {
    await done;
    clearTimeout(limit);
  }
  const status = await child.status;
  const tookMs = performance.now() - sentAt;
  return { code: status.code, signal: status.signal, out, err, tookMs };
}
