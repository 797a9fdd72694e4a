/**
 * Persists jobs: stores, the checkpoint format, values, lines and retention.
 *
 * @module
 */
export { Attempt } from "./attempt.ts";
export {
  type Ask,
  type Asked,
  dropAsks,
  leaveAsk,
  listAsks,
  mayHaveAsks,
  readAsk,
  type WaitingAsk,
} from "./asks.ts";
export * from "./checkpoint_options.ts";
export * from "./checkpoint_store.ts";
export * from "./errors.ts";
export type {
  CommitFailure,
  CommitResult,
  FilesCommitted,
  FilesToCommit,
  PackFile,
  RecordFile,
} from "./commit_files.ts";
export type { BlobUse, Damage, Newer } from "./damage.ts";
export { denoFileSystem } from "./deno_file_system.ts";
export type { OnPoint, StorePoint } from "./file_commit.ts";
export * from "./file_options.ts";
export type { BlockToRead, MemoryToFill } from "./fill_memory.ts";
export * from "./file_store.ts";
export * from "./file_system.ts";
export type { FileLocks, LockedFile, LockLook } from "./file_locks.ts";
export type { Fence } from "./fence.ts";
export * from "./fork.ts";
export type { HeldLoading, HeldRecord, Hold, Holder, HoldRequest, HoldResult } from "./hold.ts";
export { type History, listManifests } from "./history.ts";
export { type JobDescription, type JobParts, makeDescription } from "./job_description.ts";
export type { AttemptRecord, JobRecord, UpkeepPurpose } from "./job_record.ts";
export { comparePosition, formatRef, isSameRef, manifestName } from "./layout.ts";
export type { ManifestRef, SavedPhase } from "./layout.ts";
export * from "./line.ts";
export * from "./manifest.ts";
export * from "./memory_store.ts";
export { checkName } from "./names.ts";
export * from "./open_store.ts";
export { keptByPins, type PinnedEpoch } from "./pins.ts";
export * from "./retention.ts";
export type { SavedParam } from "./run_codec.ts";
export { FORMAT_VERSION } from "./seal.ts";
export type {
  AttemptContext,
  NodeReport,
  RecordOptions,
  Saved,
  SaveRequest,
} from "./save_request.ts";
export * from "./settle.ts";
export * from "./snapshot.ts";
export { type ListedLogObject, listLogObjects } from "./list_logs.ts";
export * from "./store.ts";
export type { Garbage } from "./sweep.ts";
export { type Cleaner, type Clearable, clearableBy } from "./clearable.ts";
export * from "./value/mod.ts";
export { type DigestOptions, digestValue } from "./value_digest.ts";
export * from "./verify.ts";
export * from "./task_entry.ts";
export {
  type LoggedWork,
  type OwnEntriesOptions,
  readLoggedBlob,
  readLoggedWork,
  readOwnEntries,
} from "./task_log_reader.ts";
export {
  compareLogPosition,
  isBehind,
  isPast,
  type LogName,
  type LogPosition,
} from "./task_log_names.ts";
export {
  type AppendOptions,
  type EntryToLog,
  type OutputToLog,
  type TaskLogOptions,
  TaskLogWriter,
  type TaskToLog,
} from "./task_log_writer.ts";
export type { UnsummedRecord } from "./unsummed.ts";
