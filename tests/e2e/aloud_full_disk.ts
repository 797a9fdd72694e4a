/** A disk without room, and what is said of it. */
import { onFullDisk, type Trouble } from "./aloud_job.ts";

const PLAN = '"file:checkpoints"';
const ALLOW = ["--allow-change"];

/** Saves fail, or the start does. */
export const FULL: readonly Trouble[] = [
  {
    name: "the disk is full",
    edits: [onFullDisk(9)],
    args: ALLOW,
    code: 1,
    says: [
      "Cannot save epoch 4 at file:",
      "the disk is full: make room, then go on",
      "Epoch 3 is saved: run the job again to go on from there",
    ],
  },
  {
    name: "the disk is full, and the job waits for room",
    edits: [onFullDisk(1), [PLAN, `${PLAN}, onSaveError: "pause"`]],
    args: ALLOW,
    code: 0,
    says: [
      "epoch 4 was not saved",
      "the disk is full: make room, then go on",
      "the job is paused until the save works (it writes ",
      "the save has worked: the job is paused no more",
    ],
  },
  {
    name: "the disk is full, and the job cannot start",
    edits: [onFullDisk(9, "/attempts/")],
    args: ALLOW,
    code: 1,
    says: ["Cannot write ", "/attempts/", "the disk is full: make room, then go on"],
  },
  {
    name: "the disk is full, and the start waits for room",
    edits: [onFullDisk(1, "/attempts/"), [PLAN, `${PLAN}, onSaveError: "pause"`]],
    args: ALLOW,
    code: 0,
    says: [
      "the job cannot start yet: Cannot write ",
      "the disk is full: make room, then go on. It waits until there is room",
      "there is room again: the job starts",
      "finished at epoch 5",
    ],
  },
  {
    name: "the disk is full, and the save is tried again",
    edits: [onFullDisk(1), [PLAN, `${PLAN}, onSaveError: "retry"`]],
    args: ALLOW,
    code: 0,
    says: ["epoch 4 was not saved", "the disk is full: make room", "trying again in "],
  },
  {
    name: "the disk is full, and the job goes on",
    edits: [onFullDisk(1), [PLAN, `${PLAN}, onSaveError: "warn"`]],
    args: ALLOW,
    code: 0,
    says: [
      "epoch 4 was not saved",
      "the disk is full: make room",
      "the job goes on without that save",
    ],
  },
];
