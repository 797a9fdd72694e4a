/**
 * Declares jobs: plain values, no I/O, no clock, no randomness, nothing at import time.
 *
 * @module
 */
export * from "./blob.ts";
export * from "./condition.ts";
export * from "./context.ts";
export * from "./cursor.ts";
export * from "./duration.ts";
export * from "./errors.ts";
export * from "./group.ts";
export * from "./job.ts";
export * from "./keep.ts";
export * from "./migration.ts";
export * from "./param.ts";
export * from "./plain.ts";
export * from "./plan.ts";
export * from "./prefix.ts";
export * from "./resource.ts";
export * from "./size.ts";
export * from "./task.ts";
export type * from "./token.ts";
export * from "./view.ts";
export type { Access } from "./access.ts";
export type { PhaseName } from "./check/check.ts";
export type { Frame, Layout, ParamValues, PlacedStep } from "./layout.ts";
