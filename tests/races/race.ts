/**
 * Real processes race for one job: they are stopped at chosen calls, for as long as others take to take
 * the job over and run it on, and then go on where they stood.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import {
  CheckpointStore,
  formatRef,
  isSameRef,
  type ManifestRef,
  openStore,
  type RunEvent,
  verifyStore,
} from "tidemark";
import { digestOf } from "../../runtime/drill/digest.ts";
import { temporaryFolder } from "../storage/watched_file_system.ts";
import { type CallLine, stopperText } from "./stopper.ts";

const JOB = fromFileUrl(new URL("job.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** How long a process may take in all, so that one that hangs fails its test. */
const LONGEST_MS = 60_000;

/** One race. */
export interface Race {
  /** Before which of their calls the runners are stopped, in the order in which they start; one more is not. */
  readonly stops: readonly number[];
  /** Whether the first goes on before the last has started, and not after it has ended. */
  readonly doesFirstWake: boolean;
}

/** What became of one. */
export interface Raced {
  /** Before which calls the runners were stopped. */
  readonly stopped: readonly string[];
  /** How many of them were fenced. */
  readonly fenced: number;
  /** How many saves they acknowledged. */
  readonly acknowledged: number;
  /** How many saves lie beside the line. */
  readonly beside: number;
}

/** One process. */
class Racer {
  readonly lines: (RunEvent | CallLine)[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #stopped = Promise.withResolvers<void>();
  #isWoken = false;
  /** Its end. */
  readonly ended: Promise<{ readonly code: number; readonly err: string }>;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.ended = this.#follow();
  }

  static async start(folder: string, nth: number): Promise<Racer> {
    const own = join(folder, "racing");
    const preload = join(folder, `stop-${nth}.ts`);
    await Deno.writeTextFile(preload, stopperText(own, nth));
    return new Racer(
      new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-prompt", "--frozen", `--config=${CONFIG}`],
          ...[`--preload=${preload}`, `--allow-read=${folder}`, `--allow-write=${folder}`],
          ...[JOB, "--json", "--take-over", "--to", `file:${folder}`],
        ],
        env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
        ...{ stdin: "null", stdout: "piped", stderr: "piped" },
      }).spawn(),
    );
  }

  /** The call before which it was stopped. */
  get stoppedAt(): string | undefined {
    const line = this.lines.find((line) => line.type === "stopped");
    return line?.type === "stopped" ? line.call : undefined;
  }

  /** Waits until it is stopped, or has ended. */
  async stopped(): Promise<void> {
    await Promise.race([this.#stopped.promise, this.ended]);
  }

  /** Lets it go on to its end. */
  async goOn(): Promise<void> {
    if (this.stoppedAt !== undefined && !this.#isWoken) this.#process.kill("SIGCONT");
    this.#isWoken = true;
    await this.ended;
  }

  async #follow(): Promise<{ readonly code: number; readonly err: string }> {
    const limit = setTimeout(() => this.#process.kill("SIGKILL"), LONGEST_MS);
    const stderr = new Response(this.#process.stderr).text();
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        const line: RunEvent | CallLine = JSON.parse(part);
        this.lines.push(line);
        if (line.type === "stopped") this.#stopped.resolve();
      }
    }
    const { code } = await this.#process.status;
    clearTimeout(limit);
    return { code, err: await stderr };
  }
}

/** What a run without others does: its calls, and what it holds in the end. */
export interface Alone {
  /** All calls, in order. */
  readonly calls: readonly string[];
  /** Digests of what was saved last. */
  readonly digests: Readonly<Record<string, string>>;
}

/** Runs the job in one process that nobody stops. */
export async function runAlone(): Promise<Alone> {
  await using folder = await temporaryFolder();
  const racer = await Racer.start(folder.path, 0);
  assertEquals((await racer.ended).code, 0, (await racer.ended).err);
  const calls = racer.lines.flatMap((line) => line.type === "call" ? [line.call] : []);
  return { calls, digests: await digestsAt(await open(folder.path)) };
}

/** Runs a race, and checks what came of it. */
export async function race({ stops, doesFirstWake }: Race, { digests }: Alone): Promise<Raced> {
  await using folder = await temporaryFolder();
  const racers: Racer[] = [];
  for (const nth of stops) {
    const racer = await Racer.start(folder.path, nth);
    racers.push(racer);
    await racer.stopped();
  }
  if (doesFirstWake) await racers[0]?.goOn();
  const last = await Racer.start(folder.path, 0);
  await last.ended;
  for (const racer of racers) await racer.goOn();
  racers.push(last);
  const store = await open(folder.path);
  const acknowledged = await checkLine(store, racers);
  let fenced = 0;
  for (const racer of racers) if (await isFenced(racer)) fenced++;
  assert(fenced < racers.length, "no runner has ended the job");
  assertEquals(await digestsAt(store), digests);
  const { sides, line } = await store.history();
  // What a fenced runner has saved beside the line may name packs that its successor has removed.
  const { bad } = await verifyStore(store, { full: true });
  assertEquals(bad.filter((ref) => line.some((other) => isSameRef(other, ref))), []);
  return {
    stopped: racers.flatMap(({ stoppedAt }) => stoppedAt ?? []),
    beside: sides.reduce((sum, { refs }) => sum + refs.length, 0),
    ...{ fenced, acknowledged },
  };
}

/** Checks that all that was acknowledged is on the current line, and that this is one; gives how much it is. */
async function checkLine(store: CheckpointStore, racers: readonly Racer[]): Promise<number> {
  const { line } = await store.history();
  let acknowledged = 0;
  for (const event of racers.flatMap(({ lines }) => lines)) {
    if (event.type !== "save-committed") continue;
    const { epoch, attempt } = event;
    const ref: ManifestRef = {
      ...{ epoch, attempt, phase: event.phase === "init" ? "epoch" : event.phase },
    };
    acknowledged++;
    const isOn = line.some((other) => isSameRef(other, ref));
    assert(isOn, `${formatRef(ref)} was acknowledged; the line is ${line.map(formatRef)}`);
  }
  return acknowledged;
}

/** Checks how a runner ended; gives whether it was fenced. */
async function isFenced({ ended, lines }: Racer): Promise<boolean> {
  const { code, err } = await ended;
  const finished = lines.find((line) => line.type === "run-finished");
  const outcome = finished?.type === "run-finished" ? finished.outcome : undefined;
  if (code === 0) {
    assert(outcome === "finished" || outcome === "already finished", `it ended as ${outcome}`);
    return false;
  }
  assertEquals([code, outcome], [76, "failed"], err);
  assertMatch(err, /^error: .*Attempt \d+ was fenced by attempt \d+, so .*so that this one ends/ms);
  return true;
}

function open(folder: string): Promise<CheckpointStore> {
  return CheckpointStore.open(openStore(`file:${join(folder, "racing")}`), { job: "racing" });
}

async function digestsAt(store: CheckpointStore): Promise<Record<string, string>> {
  const last = (await store.history()).line.at(-1);
  assert(last?.phase === "exit", `the line ends with ${last && formatRef(last)}`);
  const loaded = await store.readBlobs(await store.readManifest(last), () => true);
  const digests = [...loaded].flatMap(([node, blobs]) =>
    [...blobs].map(([blob, value]) => [`${node}/${blob}`, digestOf(value)] as const)
  );
  return Object.fromEntries(digests);
}
