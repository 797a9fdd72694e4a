/**
 * What takes the results elsewhere after the last epoch.
 *
 * @module
 */
import type { Step } from "../../dsl/mod.ts";
import type { Checkpoints } from "../checkpoint/manager.ts";
import type { CheckpointTask } from "../session/session.ts";

/**
 * Builds the task group that uploads after the last epoch has been committed.
 *
 * It runs at least once: a kill while it runs, or before its end is recorded, runs it again.
 * (`UploadTaskGroupBuilder` of Caffe2's `checkpoint.py`.)
 */
export interface Uploader {
  /** Builds the group, for the last epoch and the manager that saved it. */
  build(epoch: number, checkpoints: Checkpoints): Step | CheckpointTask<unknown>;
}
