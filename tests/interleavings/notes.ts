/**
 * What is remarked in the log of the disk between the changes that simulated processes make.
 */

import type { ManifestRef, PinnedEpoch } from "../../storage/mod.ts";
import type { Image } from "../simulation/image.ts";

/** How a runner was told to start; all but `"auto"` take the job over where somebody has it. */
export type StartMode =
  | { readonly start: "auto" | "take over" | "fresh" }
  | { readonly start: "from"; readonly epoch: number };

/** A remark. */
export type Note =
  /** A save was acknowledged. */
  | { readonly note: "saved"; readonly ref: ManifestRef; readonly by: string }
  /** The next change is a link, by this process at this time. */
  | { readonly note: "link"; readonly by: string; readonly atMs: number }
  /** A process has taken, or let go, the hold of another that was never held up, and lives. */
  | {
    readonly note: "hold";
    readonly what: "taken" | "let go";
    readonly by: string;
    readonly from: string;
  }
  /** A process has the hold, and says since when it works on the job. */
  | { readonly note: "held"; readonly by: string; readonly sinceMs: number }
  /** An epoch is about to be pinned by a process, or is, and so are its states that were listed before. */
  | { readonly note: "pinning"; readonly pin: PinnedEpoch; readonly by: string }
  | {
    readonly note: "pinned";
    readonly pin: PinnedEpoch;
    readonly by: string;
    readonly refs: readonly ManifestRef[];
  }
  /** It is about to be pinned no more, or is not any more. */
  | { readonly note: "unpinning" | "unpinned"; readonly pin: PinnedEpoch }
  /** Something outside of the job begins to be done, or the job has its result. */
  | { readonly note: "begun" | "ended"; readonly key: string; readonly by: string }
  /** The power is about to be cut, which may leave any of these states of the disk, among others. */
  | { readonly note: "power cut"; readonly states: readonly Image[] }
  /** A task is about to sleep, or has slept. */
  | { readonly note: "sleeps" | "slept"; readonly key: string; readonly atMs: number };
