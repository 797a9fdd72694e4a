/**
 * What of the garbage that a report tells of somebody would remove, as far as that can be told beforehand.
 *
 * @module
 */
import { parsePackName, parseRemovalName } from "./layout.ts";
import type { Store } from "./store.ts";
import { abandoned } from "./sweep.ts";
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
  const earlier = (
    names: readonly string[],
    parse: (name: string) => { readonly attempt: number } | undefined,
  ) => names.filter((name) => (parse(name)?.attempt ?? attempt) < attempt);
  return {
    garbage: earlier(garbage, parsePackName),
    logs: earlier(logs, parseLogName),
    leftovers: isBeside ? abandoned(store, leftovers) : leftovers,
    removals: earlier(removals, parseRemovalName),
  };
}
