/**
 * Writes a task log.
 *
 * @module
 */
import { commit } from "./commit.ts";
import { RecordBoundError } from "./errors.ts";
import type { Fence } from "./fence.ts";
import type { BlobEntry } from "./manifest.ts";
import { BlobLayout, PackLayout, setSums } from "./pack.ts";
import { joinBytes } from "./record_cbor.ts";
import type { Durability, LogWriter, Store, StoreOptions } from "./store.ts";
import type { LogEntry, LogHead, LogSource, TaskEntry } from "./task_entry.ts";
import { encodeEntries, encodeLogHead, LOG_INLINE_BYTES, MAX_LOG_BYTES } from "./task_log_codec.ts";
import { type LogName, logName, logPackName, logPartName } from "./task_log_names.ts";
import type { EncodedValue } from "./value/mod.ts";

/** What a task wrote, as the log takes it; its memory must not change before it is appended. */
export interface OutputToLog {
  /** The value. */
  readonly encoded: EncodedValue;
  /** Whether it was made by the blob's own codec. */
  readonly codec: boolean;
}

/** A task that has ended, as the log takes it. */
export interface TaskToLog extends Omit<TaskEntry, "outputs"> {
  /** What it wrote, by blob; none of a task that was skipped. */
  readonly outputs: Readonly<Record<string, OutputToLog>> | undefined;
}

/** An entry as the log takes it. */
export type EntryToLog = TaskToLog | Exclude<LogEntry, TaskEntry>;

/** How entries are appended. */
export interface AppendOptions extends StoreOptions {
  /** How many bytes of logs are read with this one, beside it and its sources. */
  readonly besides?: number | undefined;
}

/** What a log is written with. */
export interface TaskLogOptions {
  /** The store. */
  readonly store: Store;
  /** What entries must outlive. */
  readonly durability: Durability;
  /** What it begins with. */
  readonly head: LogHead;
  /** Which log of its attempt it is. */
  readonly sequence: number;
  /** Whether its attempt may still write. */
  readonly fence: Fence;
}

/** What becomes of entries where there is a newer attempt. */
const LOST = "what it did last does not count";

/** A log of what one attempt does after a state. Nothing is there before the first append. */
export class TaskLogWriter {
  readonly #options: TaskLogOptions;
  readonly #log: LogName;
  #writer: LogWriter | undefined;
  #bytes = 0;
  #parts = 0;
  #packs = 0;
  #appending: Promise<unknown> | undefined;
  #isClosed = false;

  /** Names the log. */
  constructor(options: TaskLogOptions) {
    this.#options = options;
    const { head: { attempt, after }, sequence } = options;
    this.#log = { attempt, after, sequence };
  }

  /** What it begins with. */
  get head(): LogHead {
    return this.#options.head;
  }

  /** The objects of the log, and how many bytes of them are known to be good. */
  get source(): LogSource {
    return { name: logName(this.#log), bytes: this.#bytes };
  }

  /** Whether anything was appended. */
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /**
   * Appends entries. Once it resolves they count, as all that were appended before do. After a failed
   * one, another log has to be begun.
   *
   * @returns The entries as they lie in the log.
   * @throws {FencedError} Where a newer attempt has taken over: then they do not.
   * @throws {RecordBoundError} Where there would be more than a start reads.
   * @throws {StoreError} Where that fails.
   */
  async append(
    entries: readonly EntryToLog[],
    options: AppendOptions = {},
  ): Promise<readonly LogEntry[]> {
    let laidOut: readonly LogEntry[];
    const appending = this.#append(entries, options);
    this.#appending = appending;
    try {
      laidOut = await appending;
    } catch (error) {
      return await this.#options.fence.failed(error, LOST);
    } finally {
      this.#appending = undefined;
      if (this.#isClosed) this.#end();
    }
    await this.#options.fence.glance(LOST);
    return laidOut;
  }

  /** Ends it, once the append under way has ended. */
  close(): void {
    this.#isClosed = true;
    if (this.#appending === undefined) this.#end();
  }

  /** Waits for the append under way, which may give a log its name, or write a pack. */
  async settled(): Promise<void> {
    await this.#appending?.catch(() => {});
  }

  #end(): void {
    this.#writer?.close();
    this.#writer = undefined;
  }

  async #append(
    entries: readonly EntryToLog[],
    { besides = 0, ...options }: AppendOptions,
  ): Promise<readonly LogEntry[]> {
    const pack = new PackLayout(logPackName(this.#log, this.#packs + 1));
    const layout = new BlobLayout({ leftBytes: 0 }, () => pack);
    const laidOut = entries.map((entry): LogEntry => {
      if (entry.kind !== "task" || entry.outputs === undefined) return entry as LogEntry;
      const outputs = Object.entries(entry.outputs).map(([blob, output]): [string, BlobEntry] => [
        blob,
        place(output, layout),
      ]);
      return { ...entry, outputs: Object.fromEntries(outputs) };
    });
    const hasPack = pack.blocks.length > 0;
    if (hasPack) {
      const { store, durability } = this.#options;
      this.#packs++;
      const { sums } = await commit(store, { packs: [pack] }, { ...options, durability });
      setSums([pack], sums);
    }
    const items = encodeEntries(laidOut, hasPack ? [pack.name] : []);
    const bytes = this.isEmpty ? joinBytes([encodeLogHead(this.head), items]) : items;
    this.#checkRoom(besides + bytes.byteLength);
    await this.#write(bytes, options);
    return laidOut;
  }

  /** Refuses to log what nobody would read. */
  #checkRoom(more: number): void {
    const found = this.head.sources.reduce((sum, { bytes }) => sum + bytes, this.#bytes + more);
    if (found <= MAX_LOG_BYTES) return;
    const what = "what tasks have done since the last saved state";
    const mend = ": save more often, or return less from each task and piece";
    throw new RecordBoundError(what, found, MAX_LOG_BYTES, "bytes", mend);
  }

  async #write(bytes: Uint8Array, options: StoreOptions): Promise<void> {
    const { store, durability } = this.#options;
    if (store.createLog === undefined) {
      await store.put(logPartName(this.#log, ++this.#parts), bytes, { ...options, durability });
    } else {
      this.#writer ??= await store.createLog(logName(this.#log), { ...options, durability });
      await this.#writer.append(bytes);
    }
    this.#bytes += bytes.byteLength;
  }
}

function place({ encoded, codec }: OutputToLog, layout: BlobLayout): BlobEntry {
  if (encoded.byteLength > LOG_INLINE_BYTES) return layout.add({ encoded, codec });
  const { type, byteLength: bytes, parts } = encoded;
  return { type, codec, bytes, inline: joinBytes(parts) };
}
