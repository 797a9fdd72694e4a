/**
 * Runs jobs: compiles them, runs their tasks in a session, and drives their checkpoints.
 *
 * @module
 */
export { type EpochRef } from "./checkpoint/epoch_ref.ts";
export { CheckpointEngine } from "./checkpoint/engine.ts";
export type { JobChange } from "./change/compare.ts";
export * from "./change/errors.ts";
export type { JobDifference } from "./change/since.ts";
export * from "./checkpoint/errors.ts";
export * from "./checkpoint/manager.ts";
export * from "./checkpoint/metadata.ts";
export { main } from "./cli/main.ts";
export { describeCondition } from "./conditions.ts";
export * from "./derived/errors.ts";
export { assertResumable, type ResumableOptions } from "./drill/assert_resumable.ts";
export type { DrillReport, DrillTrial } from "./drill/drill.ts";
export * from "./drill/errors.ts";
export type { RunnerOptions } from "./drill/memory_ground.ts";
export * from "./errors.ts";
export * from "./run/damaged_start_error.ts";
export * from "./events.ts";
export * from "./program.ts";
export { philox } from "./rng/philox.ts";
export { JobRunner, type JobRunnerOptions, type JobRunOptions } from "./run/job_runner.ts";
export type { RunResult } from "./run/run_result.ts";
export type { Course, JobChanges } from "./run/foresee.ts";
export type { ForeseenGroup, ForeseenTask } from "./run/foresee_tasks.ts";
export type { Uploader } from "./run/uploader.ts";
export { LocalSession, type LocalSessionOptions } from "./session/local_session.ts";
export * from "./session/session.ts";
export { runTask, type RunTaskOptions } from "./task/run_alone.ts";
export type { Archive } from "./checkpoint/archive.ts";
export type { BestQuery } from "./checkpoint/best.ts";
export type { Attempts, BegunRun, Saving } from "./checkpoint/attempts.ts";
export type { Binding, Committed, PreparedSave } from "./checkpoint/prepared_save.ts";
export type { HeldSince, Holding, Purpose, TakeOptions } from "./checkpoint/holding.ts";
export type { GroupJournal } from "./journal/group_journal.ts";
export type { PieceId, Recalled, TaskJournal, TaskPlaceInGroup } from "./journal/task_journal.ts";
export type { Journal, JournalOptions } from "./journal/journal.ts";
export type { JournalWriter, JournalWriterOptions } from "./journal/journal_writer.ts";
export type { GroupSite, Tally } from "./journal/recorded.ts";
export type { ReuseVerdict } from "./journal/reuse.ts";
export type { Target } from "./checkpoint/locate.ts";
export type { LoadOptions } from "./checkpoint/late.ts";
export type { NodeValues, RestoreMap, RestoreOptions } from "./checkpoint/restore.ts";
export type { DerivedBlobs, DerivedOptions, DerivingTask } from "./derived/derived_blobs.ts";
export type { DerivedDigests } from "./derived/digests.ts";
export type { Copies } from "./session/copies.ts";
export type { CursorPosition, CursorPositions, Cursors } from "./session/cursors.ts";
export type { ResourcePool } from "./session/resources.ts";
export type { ReadyGroup } from "./session/ready_group.ts";
export type { SavedReader, Scope } from "./session/scope.ts";
export type { Workspace } from "./session/workspace.ts";
export type { TaskStep } from "./task/run_task.ts";
export type { ConditionState, Judged, PlateauState } from "./conditions.ts";
export type { Params } from "./run/settings.ts";
export type { Source } from "./session/read.ts";
