/** A small finished job, in what trouble it gets, and what is said of it. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { ROOT, runProgram } from "./process.ts";

/** It finishes at epoch 3; what it is told to die in it dies in. */
export const JOB = `
import { blob, epochs, job, main, migration, param, resource, task, when } from "tidemark";
const beside = (name: string): string => Deno.readTextFileSync(new URL(name, import.meta.url));
const data = resource("data", { open: () => [1], stamp: () => beside("stamp") });
const rate = param("rate", 1, { min: 0 });
const sizes = blob<number>("sizes", { derived: true });
const total = blob<number>("total", { initial: () => 0 });
const large = blob<Float64Array>("large", { initial: () => new Float64Array(20_000) });
const look = task("look", { reads: { data }, writes: { sizes } })
  .run(({ data }) => ({ sizes: data.length }));
const add = task("add", { reads: { rate, total, data }, updates: { large }, writes: { total } })
  .run(({ total, rate, large }, { epoch }) => {
    large[epoch] = epoch;
    return { total: total + rate };
  });
const guard = task("guard", { reads: { total, sizes } }).run((_, { epoch }) => {
  if (beside("die") === String(epoch)) throw new TypeError("a flaw");
});
await main(import.meta, job("adder", {
  init: [look], epoch: [add, guard], until: epochs(3), checkpoint: { to: "file:checkpoints" },
}));
`;

/** Texts, each of which is put in the place of another. */
export type Edits = readonly (readonly [string, string])[];

/** A text with each of them made, and none in vain. */
export function edited(text: string, edits: Edits = []): string {
  return edits.reduce((edited, [before, after]) => {
    assertStringIncludes(edited, before);
    return edited.replace(before, after);
  }, text);
}

/** How the job is run before it gets in trouble. */
export interface Before {
  readonly edits?: Edits;
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  readonly code?: number;
}

/** Runs the job once as it was before. */
export async function runBefore(saved: string, before: Before = {}): Promise<void> {
  const { edits, flags = [], args = ["--allow-change"], code = 0 } = before;
  const folder = join(saved, "../..");
  const file = join(folder, "job.ts");
  await Deno.writeTextFile(file, edited(JOB.replace("epochs(3)", "epochs(5)"), edits));
  const permits = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  const ended = await runProgram(file, { flags: [...permits, ...flags], args });
  assertEquals(ended.code, code, ended.stdout + ended.stderr);
}

/** One trouble: what is done to the finished job, how it is started then, and what is said. */
export interface Trouble {
  /** What is wrong. */
  readonly name: string;
  /** Spoils what is saved. */
  readonly spoil?: (saved: string) => Promise<unknown> | void;
  /** Edits the job: each text is put in the place of another. It goes on to epoch 5. */
  readonly edits?: Edits;
  /** How often it is started before, to die in epoch 4 each time. */
  readonly deaths?: number;
  /** Whether it dies the last time too. */
  readonly isDying?: boolean;
  /** What is done between. */
  readonly then?: (saved: string) => Promise<unknown> | void;
  /** Edits it after those starts. */
  readonly laterEdits?: Edits;
  /** Whether another process has the job. */
  readonly isHeld?: boolean;
  /** What it is told. */
  readonly args?: readonly string[];
  /** What it is permitted; to read and write its folder where not given. */
  readonly permits?: (folder: string) => readonly string[];
  /** How it ends. */
  readonly code: number;
  /** What, why, and what next. */
  readonly says: readonly string[];
}

const COMMAND_LINE = toFileUrl(join(ROOT, "runtime/cli/command_line.ts")).href;
const PROCESS_OUTPUT = toFileUrl(join(ROOT, "runtime/cli/process_output.ts")).href;

/** Lets the job run on a store that is made otherwise, of its `root`. */
export function onStore(made: string): readonly [string, string] {
  const text = `
import { denoFileSystem, FileStore, MultiNodeCheckpointManager } from "tidemark";
import { runCommandLine } from ${JSON.stringify(COMMAND_LINE)};
import { processOutput } from ${JSON.stringify(PROCESS_OUTPUT)};
const root = decodeURIComponent(new URL("checkpoints/adder", import.meta.url).pathname);
${made}
const checkpoints = new MultiNodeCheckpointManager(root, "file", { store });
const run = async (_: unknown, given: Parameters<typeof runCommandLine>[0]) => Deno.exit(
  await runCommandLine(given, {
    args: Deno.args, base: import.meta.url, output: processOutput(), runner: { checkpoints },
  }));
await run(import.meta,`;
  return ["await main(import.meta,", text];
}

/** Lets the job run on a disk that has no room for so many manifests, or other records. */
export function onFullDisk(times: number, what = "/epochs/"): readonly [string, string] {
  return onStore(`
const disk = denoFileSystem();
let left = ${times};
const store = new FileStore(root, { fileSystem: { ...disk, create: (path, options) => {
  if (path.includes(${JSON.stringify(what)}) && left-- > 0) {
    throw Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
  }
  return disk.create(path, options);
} } });`);
}

/** Cuts the newest so many files of a folder short. */
export async function truncateAll(folder: string, count: number): Promise<void> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort().slice(-count);
  for (const name of names) await Deno.truncate(join(folder, name), 40);
}

/** Flips a bit of every file of a folder. */
export function flipIn(folder: string, at: number): void {
  for (const { name } of Deno.readDirSync(folder)) {
    const bytes = Deno.readFileSync(join(folder, name));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    Deno.writeFileSync(join(folder, name), bytes);
  }
}
