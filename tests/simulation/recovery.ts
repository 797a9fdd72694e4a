/**
 * Checks what is on a disk against what was promised, and goes on from there.
 */

import {
  CheckpointStore,
  DamagedError,
  FileStore,
  formatRef,
  type ManifestRef,
  verifyStore,
  WrongJobError,
} from "../../storage/mod.ts";
import { isSameRef } from "../../storage/layout.ts";
import { Disk } from "./disk.ts";
import type { Facts, Note } from "./facts.ts";
import type { Image } from "./image.ts";
import { findLogged } from "./logs.ts";
import { JOB, ROOT, Runner } from "./runner.ts";
import { differenceFrom } from "./values.ts";

/** A promise was broken. */
export class BrokenPromiseError extends Error {
  /** The error's class. */
  override readonly name = "BrokenPromiseError";
}

/** Checks what a disk holds, and runs the job on for an epoch, with retention; gives the disk's log. */
export async function recover(image: Image, facts: Facts): Promise<Disk<Note>> {
  const disk = new Disk<Note>(image);
  await checkDisk(disk, facts);
  await goOn(disk, facts);
  return disk;
}

/** Goes on as a resumed run does; then what was promised before and since must be there. */
export async function goOn(disk: Disk<Note>, facts: Facts): Promise<void> {
  const from = disk.log.length;
  const runner = await Runner.open(disk);
  const number = await runner.begin();
  check(number > facts.attempt, () => `attempt ${number} was there already`);
  await runner.save();
  await runner.sweep();
  await runner.keepLast(2);
  const after = facts.clone();
  for (const entry of disk.log.slice(from)) if ("note" in entry) after.apply(entry.note);
  await checkDisk(disk, after, true);
}

/** Checks that all that was promised is there, and that nothing is there that is not whole. */
export async function checkDisk(
  disk: Disk<Note>,
  facts: Facts,
  isFinished = false,
): Promise<void> {
  const { unfenced } = facts;
  check(unfenced === undefined, () => `${unfenced} was acknowledged to a fenced attempt`);
  const { store } = await Runner.open(disk);
  await checkRecords(disk, store, facts);
  const { line, manifests, damaged } = await store.history();
  check(damaged.length === 0, () => `damaged: ${damaged[0]?.message}`);
  for (const { ref } of facts.kept()) {
    // What was pinned while a process that died was about to remove it shows up with the next removal.
    if (!isFinished && facts.isLeaving(ref)) await checkState(store, ref, facts);
    else check(has(manifests, ref), () => `${formatRef(ref)} was acknowledged and is not listed`);
  }
  for (const ref of manifests) await checkState(store, ref, facts);
  for (const { ref } of facts.line() ?? []) {
    if (!isFinished && facts.isLeaving(ref)) continue;
    check(has(line, ref), () => `${formatRef(ref)} is not on the current line`);
  }
  await checkLogged(store, line.at(-1), facts);
  const report = await verifyStore(store, { full: true });
  const found = report.damaged.filter(({ problem, blobs }) =>
    (facts.isAllLogged || !/tasks\//.test(problem)) &&
    (blobs.length === 0 || !blobs.every(({ ref }) => facts.isFenced(ref)))
  );
  check(found.length === 0, () => `damaged: ${found[0]?.problem}`);
  check(report.foreign.length === 0, () => `foreign: ${report.foreign.join(", ")}`);
  if (isFinished) {
    check(report.removals.length === 0, () => `left over: ${report.removals.join(", ")}`);
  }
}

/** What a resume finds of what tasks had done; a write that was cut off may look like damage, if its bytes do. */
async function checkLogged(
  store: CheckpointStore,
  from: ManifestRef | undefined,
  facts: Facts,
): Promise<void> {
  const { ids, problems } = await findLogged(store.store, from);
  for (const id of ids) {
    check(facts.logging.has(id), () => `entry ${id} is found and was never recorded`);
  }
  for (const id of facts.loggedAfter(from)) {
    check(ids.has(id), () => `entry ${id} was acknowledged and is not found`);
  }
  const isCutOff = !facts.isAllLogged && problems.every((problem) => !problem.startsWith("entry"));
  check(problems.length === 0 || isCutOff, () => `logs: ${problems[0]}`);
}

/** The job's record, those of attempts, and pins. */
async function checkRecords(
  disk: Disk<Note>,
  store: CheckpointStore,
  facts: Facts,
): Promise<void> {
  if (facts.attempt > 0) await checkJob(disk);
  for (const attempt of facts.attempts) {
    const record = await store.readAttempt(attempt);
    check(record !== undefined, () => `attempt ${attempt} has no record`);
  }
  const pins = await store.pins();
  for (const { ref } of facts.saves.values()) {
    const isPinned = pins.some(({ epoch, attempt }) =>
      epoch === ref.epoch && attempt === ref.attempt
    );
    const known = facts.pin(ref);
    check(known !== "there" || isPinned, () => `the pin of ${formatRef(ref)} is lost`);
    check(known !== "gone" || !isPinned, () => `the pin of ${formatRef(ref)} has come back`);
  }
}

async function checkJob(disk: Disk<Note>): Promise<void> {
  const store = new FileStore(ROOT, { fileSystem: disk.process() });
  try {
    await CheckpointStore.open(store, { job: `not ${JOB}` });
  } catch (error) {
    if (error instanceof WrongJobError) return;
    throw error;
  }
  check(false, () => "another job may take the folder");
}

async function checkState(
  store: CheckpointStore,
  ref: ManifestRef,
  facts: Facts,
): Promise<void> {
  const saved = facts.saves.get(formatRef(ref));
  check(saved !== undefined, () => `${formatRef(ref)} is listed and was never saved`);
  const manifest = await store.readManifest(ref);
  try {
    const loaded = await store.readBlobs(manifest, () => true);
    const difference = differenceFrom(saved?.tag ?? 0, loaded);
    check(difference === undefined, () => `${formatRef(ref)} has another ${difference}`);
  } catch (error) {
    const isLate = error instanceof DamagedError && error.object.startsWith("packs/");
    if (!isLate || !facts.isFenced(ref)) throw error;
  }
  const parents = [manifest.parent, saved?.parent].map((parent) => parent && formatRef(parent));
  check(parents[0] === parents[1], () => `${formatRef(ref)} has the parent ${parents[0]}`);
}

function has(refs: readonly ManifestRef[], ref: ManifestRef): boolean {
  return refs.some((other) => isSameRef(other, ref));
}

function check(holds: boolean, message: () => string): void {
  if (!holds) throw new BrokenPromiseError(message());
}
