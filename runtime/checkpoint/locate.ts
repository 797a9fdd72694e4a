/**
 * Finds the saved epoch that a user means.
 *
 * @module
 */
import {
  CheckpointNotFoundError,
  type CheckpointStore,
  formatRef,
  type History,
  type ManifestRef,
} from "../../storage/mod.ts";
import { NothingToResumeError } from "../errors.ts";
import { type EpochRef, parseEpoch } from "./epoch_ref.ts";

/** What a resume aims at. */
export interface Target {
  /** The line up to the epoch chosen, and the phases finished after it, oldest first. */
  readonly refs: readonly ManifestRef[];
  /** Whether a person named the epoch. */
  readonly isNamed: boolean;
  /** Whether it is not the newest of the current line, so that going on makes a branch. */
  readonly isBranch: boolean;
  /** All that is saved. */
  readonly history: History;
}

/**
 * Finds an epoch; `undefined` for a fresh start, and for `"auto"` where nothing is saved.
 *
 * @throws {NothingToResumeError} Where the latest is asked for and nothing is saved.
 * @throws {CheckpointNotFoundError} Where the epoch is not saved; it lists those that are.
 * @throws {RangeError} Where the text names no epoch.
 */
export async function locate(
  store: CheckpointStore,
  wanted: EpochRef | "auto" | undefined,
): Promise<Target | undefined> {
  if (wanted === undefined) return undefined;
  const history = await store.history();
  const { line, sides } = history;
  if (wanted === "auto" || wanted === "latest") {
    if (line.length > 0) return { refs: line, isNamed: false, isBranch: false, history };
    if (wanted === "auto") return undefined;
    const [beside] = sides.flatMap(({ refs }) =>
      refs.findLast(({ phase }) => phase === "epoch") ?? []
    );
    const hasBegun = history.attempts.length > 0;
    throw new NothingToResumeError(store.store.place, beside && formatRef(beside), hasBegun);
  }
  const { epoch, attempt } = parseEpoch(wanted);
  const isMeant = (ref: ManifestRef): boolean =>
    ref.phase === "epoch" && ref.epoch === epoch &&
    (attempt === undefined || ref.attempt === attempt);
  const at = line.findIndex(isMeant);
  if (at >= 0) {
    const isNewest = line.findLastIndex((ref) => ref.phase === "epoch") === at;
    const refs = isNewest ? line : line.slice(0, at + 1);
    return { refs, isNamed: true, isBranch: !isNewest, history };
  }
  const beside = sides.flatMap(({ refs }) => refs);
  const found = attempt === undefined ? undefined : beside.find(isMeant);
  if (found !== undefined) {
    const before = (await store.ancestors(found)).toReversed();
    return { refs: [...before, found], isNamed: true, isBranch: true, history };
  }
  const isEpoch = (ref: ManifestRef): boolean => ref.phase === "epoch";
  // What lies beside the line is named with its attempt, or it would not be found.
  const names = attempt === undefined
    ? [
      ...beside.filter(isMeant).map(formatRef),
      ...line.filter(isEpoch).map((ref) => String(ref.epoch)),
    ]
    : [...line, ...beside].filter(isEpoch).map(formatRef);
  throw new CheckpointNotFoundError(String(wanted), store.store.place, names);
}
