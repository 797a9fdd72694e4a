/**
 * The journal of a run: what its tasks have done since the last saved state, so that a resume need not
 * do it again.
 *
 * @module
 */
import type { PlacedStep } from "../../dsl/layout.ts";
import type { AnyBlob, CheckpointPlan } from "../../dsl/mod.ts";
import {
  decodeValue,
  type EntrySite,
  type EntryToLog,
  type GateEntry,
  type LogEntry,
  type LoggedWork,
  type PieceEntry,
  type PresentBlob,
  type TaskEntry,
} from "../../storage/mod.ts";
import type { Phase } from "../events.ts";
import type { Scope } from "../session/scope.ts";
import { GroupJournal, type Recalled } from "./group_journal.ts";
import { JournalWriter, type JournalWriterOptions } from "./journal_writer.ts";

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
}

/** What tasks have done, and do. */
export class Journal {
  /** Whether finished tasks and pieces are recorded, and not only times. */
  readonly isFine: boolean;
  /** Whether a blob is saved. */
  readonly isSaved: (node: string, blob: AnyBlob) => boolean;
  /** Writes it. */
  readonly writer: JournalWriter;
  readonly #options: JournalOptions;
  readonly #steps = new Map<string, TaskEntry | GateEntry>();
  readonly #pieces = new Map<string, PieceEntry>();
  readonly #times = new Map<string, number>();

  /** Takes what was recorded before. */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.isFine = options.grain === "task";
    this.isSaved = options.isSaved;
    this.writer = new JournalWriter(options);
    for (const entry of options.work?.entries ?? []) this.#remember(entry);
  }

  /** The record of one run of a group. */
  group(
    steps: readonly PlacedStep[],
    { phase, epoch, params }: Pick<Scope, "phase" | "epoch" | "params">,
  ): GroupJournal {
    return new GroupJournal(this, steps, { phase, epoch }, params);
  }

  /** What was recorded of a step. */
  entryOf(site: EntrySite): TaskEntry | GateEntry | undefined {
    return this.#steps.get(keyOf(site));
  }

  /** The result of a piece that was recorded. */
  recall(site: EntrySite, key: string, code: string): Recalled | undefined {
    const entry = this.#pieces.get(keyOf(site, key));
    if (entry === undefined || entry.code !== code) return undefined;
    const { type, bytes } = entry.value;
    return { value: decodeValue(type, bytes.slice(), { transfer: true }) };
  }

  /** A time that was recorded. */
  timeOf(site: EntrySite, key: string): number | undefined {
    return this.#times.get(keyOf(site, key));
  }

  /** Records something before whoever awaits it goes on. */
  async record(entry: PieceEntry | Extract<LogEntry, { kind: "time" }>): Promise<void> {
    await this.writer.write(entry);
    this.#remember(entry);
  }

  /** Records something in the background; to be awaited where it gives a promise. */
  log(entry: EntryToLog): Promise<void> | undefined {
    return this.writer.enqueue(entry);
  }

  /** Reads a blob that a log holds beside it. */
  read(entry: PresentBlob): Promise<Uint8Array<ArrayBuffer>> {
    return this.#options.read(entry);
  }

  /** Forgets what was recorded of a group that has ended. */
  ended(steps: readonly PlacedStep[], phase: Phase, epoch: number): void {
    if (this.#steps.size + this.#pieces.size + this.#times.size === 0) return;
    for (const { id } of steps) this.#steps.delete(keyOf({ phase, epoch, id }));
    const prefix = `${phase}:${epoch}:`;
    for (const map of [this.#pieces, this.#times]) {
      for (const key of map.keys()) if (key.startsWith(prefix)) map.delete(key);
    }
  }

  #remember(entry: LogEntry): void {
    if (entry.kind === "piece") this.#pieces.set(keyOf(entry, entry.key), entry);
    else if (entry.kind === "time") this.#times.set(keyOf(entry, entry.key), entry.ms);
    else this.#steps.set(keyOf(entry), entry);
  }
}

function keyOf({ phase, epoch, id }: EntrySite, key: string = ""): string {
  return `${phase}:${epoch}:${id}:${key}`;
}
