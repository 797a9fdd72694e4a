/** What a simulation must have come to. */

import {
  CheckpointStore,
  DamagedError,
  FileStore,
  formatRef,
  keepLast,
  type ManifestRef,
  type StoreReport,
  verifyStore,
} from "tidemark";
import { digestOf } from "../../runtime/drill/digest.ts";
import { randomFrom } from "../crash/trials.ts";
import { isSameRef } from "../../storage/layout.ts";
import { keptByPins } from "../../storage/pins.ts";
import { Disk } from "../simulation/disk.ts";
import type { Image } from "../simulation/image.ts";
import { ROOT } from "../simulation/runner.ts";
import type { Chronicle } from "./chronicle.ts";
import { Life } from "./life.ts";
import { Machine } from "./machine.ts";
import type { Note } from "./notes.ts";
import type { PowerCut } from "./power_cuts.ts";
import { BrokenPromiseError, check } from "./promise.ts";
import { Scheduler } from "./scheduler.ts";
import { isDerived } from "./sim_job.ts";

/** Digests of values, by `node/blob`. */
type Digests = ReadonlyMap<string, string>;

/** What an uninterrupted run holds. */
export interface Reference {
  /** In the end. */
  readonly end: Digests;
  /** In each saved state, by epoch and phase. */
  readonly states: ReadonlyMap<string, Digests>;
}

let known: Promise<Reference> | undefined;

/** Runs the job without interruption, once. */
export function referenceOf(): Promise<Reference> {
  return known ??= makeReference();
}

async function makeReference(): Promise<Reference> {
  const scheduler = new Scheduler(randomFrom(1));
  const machine = new Machine(scheduler, true);
  const life = Life.start(
    machine,
    {
      ...{ plan: { keep: [keepLast(1000)] }, durability: "process", isSavedAside: false },
    },
    { work: "run", mode: { start: "auto" } },
    { name: "reference", host: "host" },
  );
  while (await scheduler.step());
  if (life.ending?.end !== "finished") {
    throw life.ending?.end === "failed" ? life.ending.error : life.ending;
  }
  const states = new Map<string, Digests>();
  const store = await openStore(machine.disk);
  for (const ref of (await store.history()).line) {
    states.set(stateOf(ref), await readState(store, ref));
  }
  return { end: life.ending.digests, states };
}

/** Checks how processes ended. */
export function checkEndings(lives: readonly Life[], { end }: Reference): void {
  for (const { ending, work, process: { name } } of lives) {
    if (ending === undefined) throw new Error(`process ${name} has not ended`);
    if (ending.end === "failed") {
      const { error } = ending;
      const why = error instanceof Error ? error.message : String(error);
      throw new BrokenPromiseError(`process ${name} failed: ${why}`, { cause: error });
    }
    check(ending.end !== "unknown", () => `${name} does not know what it has saved`);
    const isGivenEpoch = work.work === "pin" || work.work === "run" && work.mode.start === "from";
    check(ending.end !== "not there" || isGivenEpoch, () => `${name} did not find its epoch`);
    const isTakingOver = work.work === "run" && work.mode.start !== "auto";
    check(ending.end !== "held" || !isTakingOver, () => `${name} was refused`);
    if (ending.end !== "finished") continue;
    const difference = differenceOf(ending.digests, end);
    check(difference === undefined, () => `${name} has ended with another ${difference}`);
  }
  const last = lives.findLast(({ work }) => work.work === "run");
  check(last?.ending?.end === "finished", () => `the last runner was ${last?.ending?.end}`);
}

/** Checks what is on the disk when all has ended. */
export async function checkEnd(
  machine: Machine,
  chronicle: Chronicle,
  { states }: Reference,
): Promise<void> {
  const store = await openStore(machine.disk);
  const { line, manifests } = await store.history();
  const textOf = (refs: readonly ManifestRef[]) => refs.map(formatRef).join(", ");
  check(textOf(line) === textOf(chronicle.line), () => `the line is ${textOf(line)}`);
  const isFenced = (name: string) => chronicle.commits.get(name)?.isFenced === true;
  await checkStates(store, manifests, isFenced, states);
  const report = await verifyStore(store, { full: true });
  checkDamage(report, isFenced);
  const { garbage, doubtful, leftovers, removals, foreign } = report;
  const asks = report.asks.map(({ name }) => name);
  // The job has ended, so that nobody goes on from any log.
  const logs = await store.store.list("tasks/");
  const left = [...garbage, ...doubtful, ...logs, ...leftovers, ...removals, ...foreign, ...asks];
  check(left.length === 0, () => `after a repair there is still ${left.join(", ")}`);
}

/** Checks what power cuts may have left. */
export async function checkPowerCuts(
  cuts: readonly PowerCut[],
  reference: Reference,
): Promise<void> {
  for (const cut of cuts) {
    for (const state of cut.states) await checkPowerCut(cut, state, reference);
  }
}

async function checkPowerCut(
  { saves, pinned, parents, fenced }: PowerCut,
  state: Image,
  { states }: Reference,
): Promise<void> {
  const store = await openStore(new Disk<Note>(state));
  const { attempts, manifests, damaged } = await store.history();
  check(damaged.length === 0, () => `a power cut has left this: ${damaged[0]?.message}`);
  for (const [attempt, parent] of parents) {
    const found = attempts.find((other) => other.attempt === attempt && other.isStarted);
    const isSame = parent && found?.parent
      ? isSameRef(parent, found.parent)
      : found?.parent === parent;
    check(found !== undefined && isSame, () => `a power cut has taken attempt ${attempt}'s record`);
  }
  for (const ref of saves) {
    const isThere = manifests.some((other) => isSameRef(other, ref));
    check(isThere, () => `${formatRef(ref)} was acknowledged, and lost in a power cut`);
  }
  const pins = await store.pins();
  const isPinned = keptByPins(pins, attempts);
  for (const ref of pinned) {
    check(isPinned(ref), () => `the pin of ${formatRef(ref)} is lost in a power cut`);
  }
  const isFenced = (name: string) => fenced.has(name);
  await checkStates(store, [...manifests, ...pinned], isFenced, states);
  const report = await verifyStore(store);
  // Of what was not synced, a log may hold anything.
  const whole = report.damaged.filter(({ object }) => !object.endsWith(".log"));
  checkDamage({ ...report, damaged: whole }, isFenced);
}

/** Checks that nothing is said to be damaged but what fenced attempts saved, whose packs a newer one may have removed before. */
function checkDamage({ damaged }: StoreReport, isFenced: (name: string) => boolean): void {
  const harmed = damaged.find(({ blobs }) =>
    blobs.length === 0 || !blobs.every(({ ref }) => isFenced(formatRef(ref)))
  );
  check(harmed === undefined, () => `it is said to be damaged: ${harmed?.problem}`);
}

/** Checks that states are what an uninterrupted run has saved. */
async function checkStates(
  store: CheckpointStore,
  refs: readonly ManifestRef[],
  isFenced: (name: string) => boolean,
  states: Reference["states"],
): Promise<void> {
  for (const ref of refs) {
    try {
      const found = await readState(store, ref);
      const difference = differenceOf(found, states.get(stateOf(ref)) ?? new Map());
      check(difference === undefined, () => `${formatRef(ref)} holds another ${difference}`);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      // What a fenced attempt saved names packs that a newer one may have removed before.
      check(isFenced(formatRef(ref)), () => `${formatRef(ref)} is damaged: ${error.message}`);
    }
  }
}

async function openStore(disk: Disk<Note>): Promise<CheckpointStore> {
  const store = new FileStore(ROOT, { fileSystem: disk.process() });
  return await CheckpointStore.open(store, { job: "sim" });
}

async function readState(store: CheckpointStore, ref: ManifestRef): Promise<Digests> {
  const loaded = await store.readBlobs(await store.readManifest(ref), () => true);
  const digests = new Map<string, string>();
  for (const [node, blobs] of loaded) {
    for (const [blob, value] of blobs) digests.set(`${node}/${blob}`, digestOf(value));
  }
  return digests;
}

function stateOf({ epoch, phase }: ManifestRef): string {
  return `${epoch} ${phase}`;
}

function differenceOf(found: Digests, wanted: Digests): string | undefined {
  for (const key of new Set([...found.keys(), ...wanted.keys()])) {
    // What is derived is not made again where nothing that is still to run reads it.
    if (isDerived(key) && !found.has(key)) continue;
    if (found.get(key) !== wanted.get(key)) return key;
  }
  return undefined;
}
