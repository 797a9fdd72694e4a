/**
 * Task logs on a simulated disk: a process that records what its tasks have done, as the runtime does, and
 * the check of what a resume finds of it.
 */

import {
  compareLogPosition,
  type EntryToLog,
  listLogObjects,
  type LogEntry,
  type LoggedWork,
  type LogPosition,
  type LogSource,
  type ManifestRef,
  readLoggedBlob,
  readLoggedWork,
  type Store,
  type TaskLogWriter,
} from "../../storage/mod.ts";
import { encodeValue } from "../../storage/value/mod.ts";
import { noise } from "../storage/sample.ts";
import type { LoggedFact } from "./facts.ts";
import type { Runner } from "./runner.ts";

/** A task's output of so many bytes lies in a pack of the log. */
const LARGE_BYTES = 256 * 1024 + 700;

/** Records what tasks have done after the state that a runner starts from, or saved last. */
export class Recorder {
  #log: TaskLogWriter | undefined;
  #isNew = true;

  private constructor(
    readonly runner: Runner,
    private after: ManifestRef | undefined,
    private readonly sources: readonly LogSource[],
    private next: number,
  ) {}

  /** Begins an attempt that goes on with what was recorded. */
  static async begin(runner: Runner): Promise<Recorder> {
    const attempt = await runner.begin();
    const { last } = runner.attempt;
    const work = await readLoggedWork(runner.store.store, last, attempt);
    return new Recorder(runner, last, work?.sources ?? [], 1000 * attempt);
  }

  /** Appends some entries at once. */
  async append(count = 1, size: "small" | "large" = "small"): Promise<void> {
    const { runner, after } = this;
    const ids = Array.from({ length: count }, () => this.next++);
    const { number } = runner.attempt;
    const entries = ids.map((id): LoggedFact => ({ id, after, attempt: number }));
    if (this.#log === undefined) {
      const sources = this.#isNew ? this.sources : [];
      this.#log = runner.attempt.beginLog({ branch: 1, seed: 1, params: {}, after, sources });
      this.#isNew = false;
    }
    runner.disk.note({ note: "logging", entries });
    await this.#log.append(ids.map((id) => size === "small" ? pieceOf(id) : taskOf(id)));
    runner.disk.note({ note: "logged", entries });
  }

  /** Takes down the next epoch, and records from now on what comes after it. */
  take(): void {
    this.#log?.close();
    this.#log = undefined;
    const { last, number } = this.runner.attempt;
    this.after = { epoch: (last?.epoch ?? -1) + 1, attempt: number, phase: "epoch" };
    this.#isNew = false;
  }

  /** Saves the epoch that was taken down, and removes what was recorded before it. */
  async save(): Promise<void> {
    const saved = await this.runner.save();
    const { store } = this.runner.store;
    const old = (await listLogObjects(store)).filter(({ attempt, after }) =>
      attempt < saved.attempt || compareLogPosition(after, saved as LogPosition) < 0
    );
    await store.remove(old.map(({ name }) => name), { durability: "none" });
  }

  /** Ends the log. */
  close(): void {
    this.#log?.close();
    this.#log = undefined;
  }
}

const site = { phase: "epoch", epoch: 1, id: "work@main" } as const;

function pieceOf(id: number): EntryToLog {
  // Some lie in one sector, some in several.
  const { type, parts: [bytes = new Uint8Array()] } = encodeValue(noise(id % 5 * 300 + 1, id));
  return { kind: "piece", ...site, key: `${id}`, code: "c0de", value: { type, bytes } };
}

function taskOf(id: number): EntryToLog {
  const outputs = { large: { encoded: encodeValue(noise(LARGE_BYTES, id)), codec: false } };
  return { kind: "task", ...site, id: `${id}`, code: "c0de", outputs, cursors: [] };
}

/** What a resume from a state finds, by number; and what is wrong with it. */
export async function findLogged(
  store: Store,
  from: ManifestRef | undefined,
): Promise<{ readonly ids: ReadonlySet<number>; readonly problems: readonly string[] }> {
  const work: LoggedWork | undefined = await readLoggedWork(store, from, Infinity);
  const ids = new Set<number>();
  const problems = (work?.damaged ?? []).map(({ message }) => message);
  for (const entry of work?.entries ?? []) {
    const id = Number(entry.kind === "piece" ? entry.key : entry.id);
    ids.add(id);
    if (!await isTrue(store, entry, id)) problems.push(`entry ${id} is not what was recorded`);
  }
  return { ids, problems };
}

async function isTrue(store: Store, entry: LogEntry, id: number): Promise<boolean> {
  if (entry.kind === "piece") {
    const wanted = pieceOf(id);
    return wanted.kind === "piece" && isSame(entry.value.bytes, wanted.value.bytes);
  }
  const blob = entry.kind === "task" ? entry.outputs?.large : undefined;
  if (blob === undefined || "absent" in blob) return false;
  return isSame(await readLoggedBlob(store, blob), noise(LARGE_BYTES, id));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);
}
