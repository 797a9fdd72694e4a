/**
 * Workloads that record what their tasks have done, whose every crash point is tried.
 */

import { FencedError } from "../../storage/mod.ts";
import { Recorder } from "./logs.ts";
import { Runner } from "./runner.ts";
import type { Workload } from "./workloads.ts";

/** Appends, alone and several at once, also while an epoch is being saved; old logs go. */
const logged: Workload = async (disk, newProcess) => {
  const runner = await Runner.open(disk, newProcess(disk));
  const recorder = await Recorder.begin(runner);
  await recorder.append();
  await recorder.append(3);
  recorder.take();
  await recorder.append();
  await recorder.save();
  await recorder.append(2);
  recorder.take();
  await recorder.save();
  await recorder.append();
  recorder.close();
};

/** So many appends that the log gets room. */
const roomy: Workload = async (disk, newProcess) => {
  const recorder = await Recorder.begin(await Runner.open(disk, newProcess(disk)));
  for (let count = 0; count < 8; count++) await recorder.append();
  disk.settle();
  disk.worthFrom = disk.log.length;
  for (let count = 0; count < 6; count++) await recorder.append(1 + count % 2);
  recorder.close();
};

/** A resume in mid-epoch goes on with what was recorded, twice, and saves then. */
const goneOn: Workload = async (disk, newProcess) => {
  for (let start = 0; start < 3; start++) {
    const recorder = await Recorder.begin(await Runner.open(disk, newProcess(disk)));
    if (start === 0) {
      recorder.take();
      await recorder.save();
    }
    await recorder.append();
    await recorder.append(2);
    if (start < 2) continue;
    recorder.take();
    await recorder.save();
    await recorder.append();
  }
};

/** What a task wrote is so large that it lies in a pack. */
const largeOutput: Workload = async (disk, newProcess) => {
  const recorder = await Recorder.begin(await Runner.open(disk, newProcess(disk)));
  await recorder.append(2);
  disk.settle();
  await recorder.append(1, "large");
  await recorder.append();
};

/** An attempt goes on recording after a newer one has taken over. */
const overtaken: Workload = async (disk, newProcess) => {
  const old = await Recorder.begin(await Runner.open(disk, newProcess(disk)));
  await old.append();
  const next = await Recorder.begin(await Runner.open(disk, newProcess(disk)));
  try {
    await old.append();
  } catch (error) {
    if (!(error instanceof FencedError)) throw error;
  }
  await next.append(2);
};

/** They, by name. */
export const logWorkloads: Readonly<Record<string, Workload>> = {
  logged,
  "a log with room": roomy,
  "gone on in mid-epoch": goneOn,
  "a large output": largeOutput,
  "overtaken while recording": overtaken,
};
