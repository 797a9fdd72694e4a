/**
 * What of the garbage that a report tells of somebody would remove, as far as that can be told beforehand.
 *
 * @module
 */
import { parsePackName, parseRemovalName } from "./layout.ts";
import type { Store } from "./store.ts";
import { abandoned, ofEarlier } from "./sweep.ts";
import { parseLogName } from "./task_log_names.ts";
import type { StoreReport } from "./verify.ts";

/** Who is to remove garbage. */
export interface Cleaner {
  /** With which attempt: what that one is writing and removing itself is none. */
  readonly attempt: number;
  /** Whether others may be writing meanwhile, so that some temporary files are not to be touched. */
  readonly isBeside: boolean;
}

/** The part of a report that tells what nobody needs. */
export type Clearable = Pick<StoreReport, "garbage" | "logs" | "leftovers" | "removals">;

/** What of a report somebody would remove, or finish removing. */
export function clearableBy(
  store: Store,
  { attempt, isBeside }: Cleaner,
  { garbage, logs, leftovers, removals }: Clearable,
): Clearable {
  return {
    garbage: ofEarlier(garbage, parsePackName, attempt),
    logs: ofEarlier(logs, parseLogName, attempt),
    leftovers: isBeside ? abandoned(store, leftovers) : leftovers,
    removals: ofEarlier(removals, parseRemovalName, attempt),
  };
}
