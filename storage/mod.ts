/**
 * Persists: stores, the checkpoint format, the value codec.
 *
 * @module
 */
export * from "./errors.ts";
export * from "./file_store.ts";
export * from "./file_system.ts";
export { formatRef, isSameRef, type ManifestRef, type SavedPhase } from "./layout.ts";
export * from "./line.ts";
export * from "./manifest.ts";
export * from "./memory_store.ts";
export * from "./open_store.ts";
export * from "./retention.ts";
export * from "./store.ts";
export * from "./value/mod.ts";
export { Attempt, type Save, type Saved, type SaveReport } from "./attempt.ts";
export { CheckpointStore, type CheckpointStoreOptions } from "./checkpoint_store.ts";
export type { History } from "./history.ts";
