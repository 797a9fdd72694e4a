/**
 * Small workloads whose every crash point is tried.
 */

import { FencedError, type FileSystem, type ManifestRef } from "../../storage/mod.ts";
import type { Disk, ProcessOptions } from "./disk.ts";
import type { Note } from "./facts.ts";
import { Runner } from "./runner.ts";

/** Gives a new process its file system, so that a test can put something between. */
export type NewProcess = (disk: Disk<Note>, options?: ProcessOptions) => FileSystem;

/** Works on a disk. */
export type Workload = (disk: Disk<Note>, newProcess: NewProcess) => Promise<void>;

/** An attempt that saves, keeps the last two epochs, and ends with phases. */
const job: Workload = async (disk, newProcess) => {
  const runner = await Runner.open(disk, newProcess(disk));
  await runner.begin();
  for (let epoch = 0; epoch < 4; epoch++) {
    await runner.save();
    await runner.keepLast(2);
  }
  await runner.save("upload");
  await runner.save("exit");
};

/** The first states need no packs. */
const growing: Workload = async (disk, newProcess) => {
  const runner = await Runner.open(disk, newProcess(disk));
  await runner.begin();
  await runner.save("epoch", "small");
  await runner.save();
};

/** Attempts one after another; the third goes back, so that there is a side line. */
const attempts: Workload = async (disk, newProcess) => {
  for (const upTo of [Infinity, Infinity, 1]) {
    const runner = await Runner.open(disk, newProcess(disk));
    await runner.begin(upTo);
    await runner.save();
    await runner.sweep();
    await runner.save();
    disk.settle();
  }
  const last = await Runner.open(disk, newProcess(disk));
  await last.begin();
  await last.save();
  await last.keepLast(1);
};

/** A finished job is run on for longer: its phases go. */
const longer: Workload = async (disk, newProcess) => {
  const runner = await Runner.open(disk, newProcess(disk));
  await runner.begin();
  await runner.save();
  await runner.save("upload");
  await runner.save("download");
  disk.settle();
  const next = await Runner.open(disk, newProcess(disk));
  await next.begin(0);
  await next.save();
  await next.keepLast(1);
};

/** Epochs are pinned, before and after it was judged that they go, and unpinned. */
const pins: Workload = async (disk, newProcess) => {
  const runner = await Runner.open(disk, newProcess(disk));
  const person = await Runner.open(disk, newProcess(disk));
  await runner.begin();
  const refs = [await runner.save(), await runner.save(), await runner.save()];
  disk.settle();
  const [first, second] = refs;
  if (first === undefined || second === undefined) return;
  await person.pin(first);
  const going = await runner.judge([{ rule: "last", n: 1 }]);
  await person.pin(second);
  await runner.remove(going);
  await person.unpin(first);
  await runner.keepLast(1);
};

/** An attempt goes on after a newer one has taken over. */
const takenOver: Workload = async (disk, newProcess) => {
  const old = await Runner.open(disk, newProcess(disk));
  await old.begin();
  await old.save();
  await old.save();
  const next = await Runner.open(disk, newProcess(disk));
  await next.begin();
  await next.save();
  await refused(FencedError, () => old.save());
  await refused(FencedError, () => old.keepLast(1));
  await next.save();
};

/**
 * What had to outlive less is gone on from by one whose saves outlive a power cut: from then on it must
 * too, and the power is cut only then.
 */
const mixed: Workload = async (disk, newProcess) => {
  for (let attempt = 1; attempt <= 2; attempt++) {
    const weak = await Runner.open(disk, newProcess(disk), "process");
    await weak.begin();
    if (attempt === 1) await weak.save();
    else await weak.save("upload");
  }
  const runner = await Runner.open(disk, newProcess(disk));
  await runner.begin();
  await runner.save("download");
  disk.worthFrom = disk.log.length;
  await runner.save("exit");
};

/** A process that is killed before one of its changes, and one that goes on. */
function killed(diesAfter: number): Workload {
  return async (disk, newProcess) => {
    await refused(Error, async () => {
      const runner = await Runner.open(disk, newProcess(disk, { diesAfter }));
      await runner.begin();
      for (let epoch = 0; epoch < 3; epoch++) {
        await runner.save();
        await runner.keepLast(1);
        await runner.save("upload");
      }
    });
    disk.worthFrom = disk.log.length;
    const next = await Runner.open(disk, newProcess(disk));
    await next.begin();
    await next.save();
    await next.sweep();
    await next.keepLast(2);
  };
}

/** An epoch is pinned before one of the operations of its removal. */
function pinnedMeanwhile(step: number): Workload {
  return async (disk, newProcess) => {
    const person = await Runner.open(disk, newProcess(disk));
    const going: ManifestRef[] = [];
    let at = 0;
    const before = async () => {
      const [pin] = going;
      if (pin !== undefined && at++ === step) await refused(Error, () => person.pin(pin));
    };
    const runner = await Runner.open(disk, newProcess(disk, { before }));
    await runner.begin();
    const first = await runner.save();
    await runner.save();
    disk.settle();
    disk.worthFrom = disk.log.length;
    going.push(first);
    await runner.keepLast(1);
  };
}

async function refused(
  kind: new (...args: never[]) => Error,
  run: () => Promise<unknown>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
  }
}

/** Those that are worth every crash point, by name. */
export const workloads: Readonly<Record<string, Workload>> = {
  job,
  growing,
  attempts,
  longer,
  pins,
  "taken over": takenOver,
  mixed,
};

/** Those of which each has something happen at another step, by name. */
export const families: Readonly<Record<string, readonly Workload[]>> = {
  killed: Array.from({ length: 220 }, (_, diesAfter) => killed(diesAfter)),
  "pinned meanwhile": Array.from({ length: 35 }, (_, step) => pinnedMeanwhile(step)),
};
