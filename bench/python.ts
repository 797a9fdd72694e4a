/** Peers in Python: one helper process for each set, which times itself and tells in lines of JSON. */

import { fromFileUrl } from "@std/path";
import { TextLineStream } from "./lines.ts";

const PYTHON = fromFileUrl(new URL("../.venv/bin/python", import.meta.url));
const SCRIPT = fromFileUrl(new URL("./peers.py", import.meta.url));

/** What a helper measured, in seconds. */
export interface Timed {
  /** The work. */
  readonly seconds: number;
  /** Summing every byte afterwards; 0 after a save. */
  readonly sumSeconds: number;
}

/** What a helper is asked. */
export interface Request {
  /** What to do. */
  readonly do: "make" | "save" | "load";
  /** By which library. */
  readonly peer?: string;
  /** The file or folder. */
  readonly path?: string;
  /** The size of what is saved. */
  readonly bytes?: number;
}

/** A helper process. */
export class PythonPeers implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;

  private constructor(set: string) {
    this.#process = new Deno.Command(PYTHON, {
      args: [SCRIPT, set],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
  }

  /** Starts a helper; `undefined` where its libraries are not installed. */
  static async start(set: "torch" | "orbax", bytes: number): Promise<PythonPeers | undefined> {
    try {
      await Deno.stat(PYTHON);
    } catch {
      return undefined;
    }
    const peers = new PythonPeers(set);
    const hello = await peers.#output.read();
    if (hello.value !== "ready") {
      await peers[Symbol.asyncDispose]();
      return undefined;
    }
    await peers.ask({ do: "make", bytes });
    return peers;
  }

  /** Has something done; gives how long it took by the helper's own clock. */
  async ask(request: Request): Promise<Timed> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    const { value } = await this.#output.read();
    if (value === undefined) throw new Error(`the Python helper ended at ${request.peer}`);
    const answer: Partial<Timed> & { error?: string } = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(`${request.peer}: ${answer.error}`);
    return { seconds: answer.seconds ?? NaN, sumSeconds: answer.sumSeconds ?? 0 };
  }

  /** Ends the helper. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#output.cancel().catch(() => {});
    await this.#process.status;
  }
}

/** The versions of the libraries; none where they are not installed. */
export async function pythonVersions(): Promise<string> {
  try {
    const { stdout, success } = await new Deno.Command(PYTHON, {
      ...{ args: [SCRIPT, "versions"], stdin: "null", stderr: "null" },
    }).output();
    if (success) return new TextDecoder().decode(stdout).trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return "Python peers not installed (deno task bench:peers installs them)";
}
