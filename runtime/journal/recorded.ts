/**
 * What logs say, by group and key: what came later counts, and what was voided does not.
 *
 * @module
 */
import {
  compareLogPosition,
  type EntrySite,
  type GateEntry,
  type LogEntry,
  type TaskEntry,
} from "../../storage/mod.ts";
import { isWork } from "./entries.ts";

/** The key under which the time is recorded that epochs have taken up to some point of one. */
export const ELAPSED_KEY = "elapsed";

/** The key under which the time is recorded at which a run that had saved nothing was told to stop. */
export const STOPPED_KEY = "stopped";

/** A group of a job in an epoch. */
export type GroupSite = Omit<EntrySite, "id">;

/** How much was recorded. */
export interface Tally {
  /** Tasks that have finished. */
  readonly tasks: number;
  /** Pieces and steps of tasks that have not. */
  readonly pieces: number;
}

/** Entries in the order in which they were recorded. */
export class RecordedEntries {
  readonly #groups = new Map<string, Map<string, LogEntry>>();

  /** Takes what was recorded, oldest first. */
  constructor(entries: readonly LogEntry[] = []) {
    for (const entry of entries) this.add(entry);
  }

  /** The keys of all groups, and their entries by key. */
  get groups(): ReadonlyMap<string, Map<string, LogEntry>> {
    return this.#groups;
  }

  /** Takes note of an entry. */
  add(entry: LogEntry): void {
    if (entry.kind === "void") return this.#void(entry);
    const group = groupKey(entry);
    let entries = this.#groups.get(group);
    if (entries === undefined) this.#groups.set(group, entries = new Map());
    entries.set(entryKey(entry), entry);
  }

  /** The entries of a group, by key. */
  of(site: GroupSite): Map<string, LogEntry> {
    return this.#groups.get(groupKey(site)) ?? new Map();
  }

  /** What was recorded of a step. */
  step(site: EntrySite): TaskEntry | GateEntry | undefined {
    const entry = this.of(site).get(stepKey(site.id));
    return entry?.kind === "task" || entry?.kind === "gate" ? entry : undefined;
  }

  /** The names of the steps of a group that were recorded. */
  steps(site: GroupSite): readonly string[] {
    return [...this.of(site).values()].flatMap(({ kind, id }) =>
      kind === "task" || kind === "gate" ? [id] : []
    );
  }

  /** The entries of groups that come after one. */
  *after(site: GroupSite): Generator<Map<string, LogEntry>> {
    for (const entries of [...this.#groups.values()]) {
      const [first] = entries.values();
      if (first !== undefined && compareSites(first, site) > 0) yield entries;
    }
  }

  /** How much was recorded of a group. */
  tally(site: GroupSite): Tally {
    return this.#tally([this.of(site)]);
  }

  /** How much was recorded of the groups that come after one, or of all. */
  tallyAfter(site: GroupSite | undefined): Tally {
    return this.#tally(site === undefined ? this.#groups.values() : this.after(site));
  }

  #tally(groups: Iterable<Map<string, LogEntry>>): Tally {
    let tasks = 0;
    let pieces = 0;
    for (const entries of groups) {
      for (const entry of entries.values()) {
        if (!isWork(entry)) continue;
        if (entry.kind === "task") tasks++;
        else if (entries.get(stepKey(entry.id))?.kind !== "task") pieces++;
      }
    }
    return { tasks, pieces };
  }

  /** Forgets a group. */
  delete(site: GroupSite): void {
    this.#groups.delete(groupKey(site));
  }

  /**
   * Forgets a step; or, where none is named, all of the groups after this one but for the times that tasks
   * got or wait for.
   */
  #void(site: EntrySite): void {
    if (site.id !== "") {
      this.of(site).delete(stepKey(site.id));
      return;
    }
    for (const entries of this.after(site)) {
      for (const [key, entry] of entries) {
        const isKept = entry.kind === "time" && !(entry.id === "" && entry.key === ELAPSED_KEY);
        if (!isKept) entries.delete(key);
      }
    }
  }
}

/** The key of a group. */
export function groupKey({ phase, epoch }: GroupSite): string {
  return `${phase}:${epoch}`;
}

/** The key of an entry within its group. */
export function entryKey(entry: LogEntry): string {
  const isNamed = entry.kind === "piece" || entry.kind === "time";
  return isNamed ? `${entry.id} ${entry.kind} ${entry.key}` : stepKey(entry.id);
}

/** The key of a step's own entry. */
export function stepKey(id: string): string {
  return `${id} `;
}

/** Orders groups as a run comes to them. */
function compareSites(a: GroupSite, b: GroupSite): number {
  const position = ({ phase, epoch }: GroupSite) => ({
    epoch,
    phase: phase === "init" ? "epoch" as const : phase,
  });
  return compareLogPosition(position(a), position(b));
}
