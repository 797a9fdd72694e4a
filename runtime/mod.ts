/**
 * Runs jobs: compiles them, runs their tasks in a session, and drives their checkpoints.
 *
 * @module
 */
export { type EpochRef } from "./checkpoint/epoch_ref.ts";
export { CheckpointEngine } from "./checkpoint/engine.ts";
export * from "./checkpoint/manager.ts";
export * from "./checkpoint/metadata.ts";
export { main } from "./cli/main.ts";
export { describeCondition } from "./conditions.ts";
export * from "./errors.ts";
export * from "./events.ts";
export * from "./program.ts";
export { philox } from "./rng/philox.ts";
export {
  JobRunner,
  type JobRunnerOptions,
  type JobRunOptions,
  type RunResult,
} from "./run/job_runner.ts";
export type { Uploader } from "./run/uploader.ts";
export { LocalSession, type LocalSessionOptions } from "./session/local_session.ts";
export * from "./session/session.ts";
export { runTask, type RunTaskOptions } from "./task/run_alone.ts";
