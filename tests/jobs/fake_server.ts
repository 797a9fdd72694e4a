/** Starts the servers that the jobs talk to. */

import { fromFileUrl, join } from "@std/path";
import { ROOT } from "../e2e/process.ts";

/** A server on this machine. */
export class FakeServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #said: Promise<string[]>;

  private constructor(
    process: Deno.ChildProcess,
    /** Where it listens, as `--allow-net` takes it. */
    readonly host: string,
    lines: AsyncGenerator<string, void, undefined>,
  ) {
    this.#process = process;
    // Read as it comes, as a full pipe would stop the server.
    this.#said = Array.fromAsync(lines);
  }

  /** Starts one, in a process of its own, so that the tests themselves need no network. */
  static async start(kind: "site" | "db" | "recorder"): Promise<FakeServer> {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--frozen", `--config=${join(ROOT, "deno.json")}`],
        ...["--allow-net=127.0.0.1", fromFileUrl(new URL("server.ts", import.meta.url)), kind],
      ],
      ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
    }).spawn();
    const lines = linesOf(process.stdout);
    const { value: host } = await lines.next();
    if (host === undefined) throw new Error(`the ${kind} server did not start`);
    return new FakeServer(process, host, lines);
  }

  /** Its address, without a slash at the end. */
  get url(): string {
    return `http://${this.host}`;
  }

  /** Ends it; gives what it said: the idempotency keys that it was given, in order. */
  async end(): Promise<string[]> {
    await this.#process.stdin.close();
    await this.#process.status;
    return await this.#said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close().catch(() => {}); // where `end` has closed it
    await this.#process.status;
    await this.#said;
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
