/** What a simulation must have come to. */

import {
  CheckpointStore,
  DamagedError,
  FileStore,
  formatRef,
  keepLast,
  type ManifestRef,
  verifyStore,
} from "tidemark";
import { digestOf } from "../../runtime/drill/digest.ts";
import { randomFrom } from "../crash/trials.ts";
import { ROOT } from "../simulation/runner.ts";
import { BrokenPromiseError, check, type Chronicle } from "./chronicle.ts";
import { Life } from "./life.ts";
import { Machine } from "./machine.ts";
import { Scheduler } from "./scheduler.ts";

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
  const store = await openStore(machine);
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
    // A repair removes the temporary files of whoever it has fenced.
    const isRepaired = lives.some(({ work }) => work.work === "repair");
    check(ending.end !== "unknown" || isRepaired, () => `${name} does not know what it has saved`);
    const isGivenEpoch = work.work === "run" && work.mode.start === "from";
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
  const store = await openStore(machine);
  const { line, manifests } = await store.history();
  const textOf = (refs: readonly ManifestRef[]) => refs.map(formatRef).join(", ");
  check(textOf(line) === textOf(chronicle.line), () => `the line is ${textOf(line)}`);
  for (const ref of manifests) {
    const isFenced = chronicle.commits.get(formatRef(ref))?.isFenced === true;
    try {
      const found = await readState(store, ref);
      const difference = differenceOf(found, states.get(stateOf(ref)) ?? new Map());
      check(difference === undefined, () => `${formatRef(ref)} holds another ${difference}`);
    } catch (error) {
      // What a fenced attempt saved names packs that a newer one may have removed before.
      if (!isFenced || !(error instanceof DamagedError)) throw error;
    }
  }
  const { garbage = [], leftovers, removals, foreign } = await verifyStore(store, { full: true });
  const left = [...garbage, ...leftovers, ...removals, ...foreign];
  check(left.length === 0, () => `after a repair there is still ${left.join(", ")}`);
}

async function openStore(machine: Machine): Promise<CheckpointStore> {
  const store = new FileStore(ROOT, { fileSystem: machine.disk.process() });
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
    if (found.get(key) !== wanted.get(key)) return key;
  }
  return undefined;
}
