/**
 * The journal of a run: what its tasks have done since the last saved state, so that a resume need not
 * do it again.
 *
 * @module
 */
import type { PlacedStep } from "../../dsl/layout.ts";
import type { AnyBlob, CheckpointPlan } from "../../dsl/mod.ts";
import {
  DamagedError,
  decodeValue,
  type EntrySite,
  type EntryToLog,
  type GateEntry,
  type LogEntry,
  type LoggedWork,
  type ManifestRef,
  type OutputToLog,
  type PieceEntry,
  type PresentBlob,
  type TaskEntry,
} from "../../storage/mod.ts";
import { damageText } from "../checkpoint/damage_text.ts";
import type { Phase } from "../events.ts";
import type { Scope } from "../session/scope.ts";
import { GroupJournal } from "./group_journal.ts";
import { ELAPSED_KEY, groupKey, type GroupSite, RecordedEntries, type Tally } from "./recorded.ts";
import { JournalWriter, type JournalWriterOptions } from "./journal_writer.ts";
import type { Recalled } from "./task_journal.ts";

/** What a journal is kept with. */
export interface JournalOptions extends JournalWriterOptions {
  /** What is durable by itself. */
  readonly grain: NonNullable<CheckpointPlan["grain"]>;
  /** What was recorded after the state that the run starts from. */
  readonly work: LoggedWork | undefined;
  /** Whether a blob is saved. */
  readonly isSaved: (node: string, blob: AnyBlob) => boolean;
  /** Reads a blob that a log holds beside it. */
  readonly read: (entry: PresentBlob) => Promise<Uint8Array<ArrayBuffer>>;
  /** The time that epochs have taken so far, the running one too, in milliseconds. */
  readonly elapsedMs: () => number;
}

/** The time that epochs take is recorded as often as this, in milliseconds. */
const MARK_EVERY_MS = 100;

/** What tasks have done, and do. */
export class Journal {
  /** Whether finished tasks and pieces are recorded, and not only times. */
  readonly isFine: boolean;
  /** Whether a blob is saved. */
  readonly isSaved: (node: string, blob: AnyBlob) => boolean;
  /** Writes it. */
  readonly writer: JournalWriter;
  readonly #options: JournalOptions;
  /** What was recorded before this run, or is recalled within it. */
  readonly #recorded: RecordedEntries;
  readonly #times = new Map<string, Promise<number>>();
  #markedMs = 0;

  /** Takes what was recorded before. */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.isFine = options.grain === "task";
    this.isSaved = options.isSaved;
    this.writer = new JournalWriter(options);
    this.#recorded = new RecordedEntries(options.work?.entries);
  }

  /** The record of one run of a group, in which whatever is damaged counts as not recorded. */
  async group(
    steps: readonly PlacedStep[],
    { phase, epoch, params }: Pick<Scope, "phase" | "epoch" | "params">,
  ): Promise<GroupJournal> {
    for (const [key, entry] of [...this.#recorded.of({ phase, epoch })]) {
      if (entry.kind === "task") await this.#check(key, entry);
    }
    return new GroupJournal(this, steps, { phase, epoch }, params);
  }

  /** What was recorded of a step. */
  entryOf(site: EntrySite): TaskEntry | GateEntry | undefined {
    return this.#recorded.step(site);
  }

  /** The names of the steps of a group that were recorded, those that are gone among them. */
  recordedOf(site: GroupSite): readonly string[] {
    return this.#recorded.steps(site);
  }

  /** How much was recorded of a group. */
  tally(site: GroupSite): Tally {
    return this.#recorded.tally(site);
  }

  /** The result of a piece that was recorded. */
  recall(site: EntrySite, key: string, code: () => string): Recalled | undefined {
    const entry = this.#recorded.of(site).get(`${site.id} piece ${key}`);
    if (entry?.kind !== "piece" || entry.code !== code()) return undefined;
    const { type, bytes } = entry.value;
    return { value: decodeValue(type, bytes.slice(), { transfer: true }) };
  }

  /** A time that was recorded; or another, once it is. */
  time(site: EntrySite, key: string, ms: () => number): Promise<number> {
    const own = `${site.id} time ${key}`;
    const id = `${groupKey(site)} ${own}`;
    const known = this.#times.get(id);
    if (known !== undefined) return known;
    const entry = this.#recorded.of(site).get(own);
    const made = entry?.kind === "time"
      ? Promise.resolve(entry.ms)
      : this.#newTime(site, key, ms());
    this.#times.set(id, made);
    return made;
  }

  /**
   * Records a piece before whoever awaits it goes on; it stays in memory only where this run may ask for
   * it again.
   */
  async record(entry: PieceEntry, mayBeAsked: boolean): Promise<void> {
    await this.writer.write(entry);
    if (mayBeAsked) this.#recorded.add(entry);
  }

  /** Records something in the background; to be awaited where it gives a promise. */
  log(entry: EntryToLog): Promise<void> | undefined {
    return this.writer.enqueue(entry);
  }

  /** Records how long epochs have taken, where something was done in one and it was not done lately. */
  mark({ phase, epoch }: GroupSite): void {
    if (!this.isFine || phase !== "epoch") return;
    const ms = this.#options.elapsedMs();
    if (ms - this.#markedMs < MARK_EVERY_MS) return;
    this.#markedMs = ms;
    const entry = { kind: "time", phase, epoch, id: "", key: ELAPSED_KEY, ms } as const;
    // Who hears of a failure is whoever waits for what is recorded next.
    this.writer.enqueue(entry)?.catch(() => {});
  }

  /** How long epochs had taken when something was last recorded of one; 0 where that is not known. */
  tookMs(epoch: number): number {
    const entry = this.#recorded.of({ phase: "epoch", epoch }).get(` time ${ELAPSED_KEY}`);
    return entry?.kind === "time" ? entry.ms : 0;
  }

  /** Reads a blob that a log holds beside it. */
  read(entry: PresentBlob): Promise<Uint8Array<ArrayBuffer>> {
    return this.#options.read(entry);
  }

  /** Forgets what was recorded of a group that has ended. */
  ended(phase: Phase, epoch: number): void {
    this.mark({ phase, epoch });
    this.#recorded.delete({ phase, epoch });
    const group = groupKey({ phase, epoch });
    for (const id of this.#times.keys()) if (id.startsWith(`${group} `)) this.#times.delete(id);
  }

  /**
   * Forgets what was recorded of a step that is done again; or, where none is named, of later groups: it was made of
   * another state. The log says so before anything new is recorded, for whoever reads it next.
   */
  void(site: GroupSite, id: string = ""): void {
    const isThere = id === ""
      ? [...this.#recorded.after(site)].some((entries) =>
        [...entries.values()].some(({ kind }) => kind !== "time")
      )
      : this.#recorded.step({ ...site, id }) !== undefined;
    if (!isThere) return;
    const entry = { kind: "void", ...site, id } as const;
    this.#recorded.add(entry);
    // Who hears of a failure is whoever waits for what is recorded next.
    this.writer.enqueue(entry)?.catch(() => {});
  }

  /**
   * Writes into the log after a state what is known of what comes after it, as the logs from before go
   * once the state is saved.
   */
  async carryOver(after: ManifestRef): Promise<void> {
    for (const entries of this.#recorded.after(after)) {
      for (const [key, entry] of [...entries]) {
        if (entry.kind === "task") await this.#check(key, entry);
        if (!entries.has(key)) continue;
        const written = await this.writer.write(await this.#toLog(entry));
        // Where it is not written, it is lost once its old log is.
        if (written === undefined) entries.delete(key);
        else entries.set(key, written);
      }
    }
  }

  async #toLog(entry: LogEntry): Promise<EntryToLog> {
    if (entry.kind !== "task") return entry;
    const outputs: [string, OutputToLog][] = [];
    for (const [name, blob] of Object.entries(entry.outputs ?? {})) {
      if ("absent" in blob) continue;
      const { type, codec } = blob;
      const bytes = blob.inline ?? await this.read(blob);
      const encoded = { type, parts: [bytes], byteLength: bytes.byteLength };
      outputs.push([name, { encoded, codec }]);
    }
    return {
      ...entry,
      outputs: entry.outputs === undefined ? undefined : Object.fromEntries(outputs),
    };
  }

  /** Forgets a task whose outputs are damaged, and says so. */
  async #check(key: string, entry: TaskEntry): Promise<void> {
    try {
      for (const blob of Object.values(entry.outputs ?? {})) {
        if (!("absent" in blob) && blob.inline === undefined) await this.read(blob);
      }
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      this.#recorded.of(entry).delete(key);
      const message =
        `what ${entry.id} had written is damaged, so that it runs again, and nothing is to be ` +
        `done about it: ${damageText(error)}`;
      this.#options.events.emit({ type: "notice", level: "warning", message });
    }
  }

  async #newTime(site: EntrySite, key: string, ms: number): Promise<number> {
    const entry = { kind: "time", ...site, key, ms } as const;
    await this.writer.write(entry);
    this.#recorded.add(entry);
    return ms;
  }
}
