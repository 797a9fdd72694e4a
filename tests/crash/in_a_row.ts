/**
 * Kills an example again and again in one place, at least half of the times inside a save, and lets it go
 * on each time; in the end the store is clean, and holds what one never killed holds.
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { compile, type Job, openStore } from "tidemark";
import { CheckpointStore, type StoreReport, verifyStore } from "../../storage/mod.ts";
import { compareSaved } from "../../runtime/drill/compare.ts";
import { randomFrom } from "./trials.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** What is killed, and how often. */
export interface KilledInARow {
  /** The example's file name. */
  readonly example: string;
  /** Its job. */
  readonly job: Job;
  /** Its flags. */
  readonly args: readonly string[];
  /** How often it is killed. */
  readonly kills: number;
  /** A folder for what it saves. */
  readonly folder: string;
  /** What the kills depend on. */
  readonly seed: number;
  /** The longest time from a run's first task to a kill, in milliseconds. */
  readonly longestMs: number;
}

/** What came of it. */
export interface Killed {
  /** How many kills there were. */
  readonly kills: number;
  /** How many of them came between the start of a save and its end. */
  readonly inSave: number;
  /** How many packs and temporary files `repair` removed at the end. */
  readonly removed: number;
}

/** Kills an example many times, and checks what is left. */
export async function killInARow(given: KilledInARow): Promise<Killed> {
  const { kills, folder, job, seed } = given;
  const random = randomFrom(seed);
  const whole = join(folder, "whole");
  const killed = join(folder, "killed");
  await end(spawn(given, whole, []));
  let inSave = 0;
  let done = 0;
  while (done < kills) {
    // One ahead, as the save may be over before the kill comes.
    const isInSave = inSave * 2 <= done + 1;
    const afterMs = isInSave ? random(8) : random(given.longestMs);
    const was = await killOnce(spawn(given, killed, ["--json"]), isInSave, afterMs);
    // It may have come to its end; then it starts anew, and is killed on.
    if (was === "ended") {
      await Deno.remove(killed, { recursive: true });
      continue;
    }
    done++;
    if (was === "in a save") inSave++;
  }
  assert(inSave * 2 >= kills, `only ${inSave} of ${kills} kills came inside a save`);
  await end(spawn(given, killed, []));
  const dirty = await report(killed, job);
  await end(spawn(given, killed, ["repair"]));
  const clean = await report(killed, job);
  assertEquals([clean.damaged, clean.garbage, clean.leftovers, clean.removals], [[], [], [], []]);
  assertEquals(clean.bad, []);
  assert(clean.good.length > 0);
  const difference = await compareSaved(
    await open(whole, job),
    await open(killed, job),
    compile(job),
  );
  assertEquals(difference, undefined);
  const last = async (place: string) => (await (await open(place, job)).history()).line.at(-1);
  const [one, other] = [await last(whole), await last(killed)];
  assertEquals([other?.epoch, other?.phase], [one?.epoch, one?.phase]);
  return { kills, inSave, removed: dirty.garbage.length + dirty.leftovers.length };
}

function open(place: string, job: Job): Promise<CheckpointStore> {
  return CheckpointStore.open(openStore(`file:${join(place, job.name)}`), { job: job.name });
}

async function report(place: string, job: Job): Promise<StoreReport> {
  return await verifyStore(await open(place, job), { full: true });
}

function spawn(
  { example, args }: KilledInARow,
  place: string,
  command: readonly string[],
): Deno.ChildProcess {
  const isRun = !command.includes("repair");
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", `--allow-read=${ROOT},${place}`, `--allow-write=${place}`],
      ...[join(ROOT, "examples", example), ...command, "--to", `file:${place}`],
      ...isRun ? args : [],
    ],
    ...{ cwd: ROOT, stdout: "piped", stderr: "piped" },
  }).spawn();
}

async function end(child: Deno.ChildProcess): Promise<void> {
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, said);
}

/** Kills a process, at a moment of a save or of a task; says which it was. */
async function killOnce(
  child: Deno.ChildProcess,
  isInSave: boolean,
  afterMs: number,
): Promise<"in a save" | "elsewhere" | "ended"> {
  const from = isInSave ? '"type":"save-started"' : '"type":"task-started"';
  let said = "";
  let isSet = false;
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const errors = new Response(child.stderr).text();
  let timer: ReturnType<typeof setTimeout> | undefined;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    said += part.value;
    if (isSet || !said.includes(from)) continue;
    isSet = true;
    timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
  }
  clearTimeout(timer);
  const { success, signal } = await child.status;
  if (success) return "ended";
  assertEquals(signal, "SIGKILL", await errors);
  await errors;
  const count = (type: string): number => said.split(`"type":"${type}"`).length;
  return count("save-started") > count("save-committed") ? "in a save" : "elsewhere";
}
