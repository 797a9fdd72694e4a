/** Starts the servers that the jobs talk to. */

import { fromFileUrl, join } from "@std/path";
import { ROOT } from "../e2e/process.ts";

/** A server on this machine. */
export class FakeServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string, void, undefined>;
  #host = "";

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#lines = linesOf(process.stdout);
  }

  /** Starts one, in a process of its own, so that the tests themselves need no network. */
  static async start(kind: "site" | "db"): Promise<FakeServer> {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--frozen", `--config=${join(ROOT, "deno.json")}`],
        ...["--allow-net=127.0.0.1", fromFileUrl(new URL("server.ts", import.meta.url)), kind],
      ],
      ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
    }).spawn();
    const server = new FakeServer(process);
    const { value } = await server.#lines.next();
    if (value === undefined) throw new Error(`the ${kind} server did not start`);
    server.#host = value;
    return server;
  }

  /** Where it listens, as `--allow-net` takes it. */
  get host(): string {
    return this.#host;
  }

  /** Its address, without a slash at the end. */
  get url(): string {
    return `http://${this.#host}`;
  }

  /** Ends it; gives the idempotency keys that it was given, in order. */
  async end(): Promise<string[]> {
    await this.#process.stdin.close();
    const keys = await Array.fromAsync(this.#lines);
    await this.#process.status;
    return keys;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close().catch(() => {}); // where `end` has closed it
    await this.#lines.return();
    await this.#process.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
