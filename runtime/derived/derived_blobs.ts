/**
 * Compares derived blobs, each time that they are made, with what they were.
 *
 * @module
 */
import type { PlacedStep } from "../../dsl/layout.ts";
import type { AnyTask } from "../../dsl/mod.ts";
import type { Events, TaskPlace } from "../events.ts";
import type { GroupJournal } from "../journal/group_journal.ts";
import type { Workspace } from "../session/workspace.ts";
import { type DerivedDigests, digestOfBlob } from "./digests.ts";
import { DerivedChangedError } from "./errors.ts";

/** What comparing takes. */
export interface DerivedOptions {
  /** What is known of them. */
  readonly digests: DerivedDigests;
  /** Where events go. */
  readonly events: Events;
  /** Whether the run goes on from something saved, so that they are made again. */
  readonly isAgain: boolean;
  /** Whether the run goes on also where one is not what it was. */
  readonly mayChange: boolean;
  /** Since when they are to be the same, as in `"when epoch 3@a1 was saved"`. */
  readonly since: string;
  /**
   * What of that which a task depends on has changed since, in words; `changed` are the derived blobs,
   * as `node/blob`, that are others.
   */
  readonly reasons: (
    task: AnyTask,
    node: string,
    changed: ReadonlySet<string>,
  ) => Promise<readonly string[]>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What made derived blobs. */
export interface DerivingTask {
  /** Where it stands. */
  readonly step: PlacedStep;
  /** The task. */
  readonly task: AnyTask;
  /** Where events say that it runs. */
  readonly place: TaskPlace;
  /** Its node's blobs. */
  readonly workspace: Workspace;
  /** What its run of the group records. */
  readonly journal: GroupJournal | undefined;
}

/** Follows the tasks of a run that write derived blobs. */
export class DerivedBlobs {
  readonly #options: DerivedOptions;
  readonly #changed = new Set<string>();

  /** Takes what is known of the blobs. */
  constructor(options: DerivedOptions) {
    this.#options = options;
  }

  /** Whether any is not what it was, and may be so. */
  get isChanged(): boolean {
    return this.#changed.size > 0;
  }

  /**
   * Takes note of what a task has written, before any other task reads it; of one that was skipped, that
   * its blobs are not set.
   *
   * @throws {DerivedChangedError} Where that is not what it was, and has to be.
   * @throws {UnsupportedValueError} Where it cannot be told from other values.
   */
  async written({ step, task, place, workspace, journal }: DerivingTask): Promise<void> {
    const { digests, signal } = this.#options;
    const before = journal?.derivedBefore(step);
    const now: Record<string, string | null> = {};
    for (const placed of step.writes) {
      const { blob } = placed;
      if (!blob.derived) continue;
      const digest = workspace.has(blob.name)
        ? await digestOfBlob(blob, workspace.get(blob.name), signal)
        : null;
      const known = digests.get(placed);
      const saved = known === undefined ? before?.[blob.name] : known;
      await this.#compare(task, { ...place, blob: blob.name }, saved, digest);
      digests.set(placed, digest);
      now[blob.name] = digest;
    }
    if (Object.keys(before ?? {}).some((name) => before?.[name] !== now[name])) {
      journal?.derivedAnew(step);
    }
    await journal?.derivedNow(step, now);
  }

  async #compare(
    task: AnyTask,
    place: TaskPlace & { readonly blob: string },
    saved: string | null | undefined,
    found: string | null,
  ): Promise<void> {
    const { events, isAgain, mayChange, since } = this.#options;
    const { blob, node } = place;
    if (saved === undefined || saved === found) {
      const outcome = saved === undefined ? "new" : "same";
      if (isAgain || outcome === "same") {
        events.emit({ type: "derived", ...place, outcome, reasons: [] });
      }
      return;
    }
    const reasons = await this.#options.reasons(task, node, this.#changed);
    const change = { blob, node, task: task.name, saved, found };
    if (!mayChange) throw new DerivedChangedError(change, since, reasons);
    this.#changed.add(`${node}/${blob}`);
    events.emit({ type: "derived", ...place, outcome: "changed", reasons });
  }
}
