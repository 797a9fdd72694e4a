/**
 * What the context of one task records: its pieces, its steps, and times.
 *
 * @module
 */
import type { ParamValues } from "../../dsl/layout.ts";
import type { AnyTask } from "../../dsl/mod.ts";
import { encodeValue, type EntrySite } from "../../storage/mod.ts";
import { codeOf, codeOfTask, digestOf, digestOfValue, knownDigestOf, settingsOf } from "./code.ts";
import { copied } from "./group_journal.ts";
import type { Journal } from "./journal.ts";

/** A result that was recorded. */
export interface Recalled {
  /** It. */
  readonly value: unknown;
}

/** A piece: a key of a `map`, or a `step`. */
export interface PieceId {
  /** What it is, with the names that tell it from others. */
  readonly piece: readonly string[];
  /** Its function. */
  readonly run: (...args: never[]) => unknown;
  /** The item of a `map` that it is for; a step has none. */
  readonly item?: unknown;
}

/** Where a task stands. */
export interface TaskPlaceInGroup {
  /** The task; none where only times are recorded. */
  readonly task: AnyTask | undefined;
  /** The values of params. */
  readonly params: ParamValues;
  /** Whether all that it waits for is as it was. */
  readonly isSame: boolean;
}

/** Longer keys are recorded by their digest. */
const LONGEST_KEY = 1000;
/** The largest result of a piece. */
const MOST_BYTES = 128 * 1024 * 1024;

/** What one task records. */
export class TaskJournal {
  #own: { readonly step: string; readonly map: string } | undefined;

  /** Takes where the task stands. */
  constructor(
    private readonly journal: Journal,
    private readonly site: EntrySite,
    private readonly place: TaskPlaceInGroup,
  ) {}

  /**
   * Throws where nothing can be recorded any more, before something is done for nothing.
   *
   * @throws {FencedError} Where a later attempt has taken over.
   * @throws {SaveError} Where what was done could not be recorded.
   */
  check(): void {
    this.journal.writer.check();
  }

  /** The recorded result of a piece; none where it has none, or would not get the same inputs now. */
  recall(piece: PieceId): Recalled | undefined {
    if (!this.place.isSame) return undefined;
    return this.journal.recall(this.site, keyOf(piece), () => this.#codeOf(piece));
  }

  /**
   * Records a piece's result, durably.
   *
   * @throws {UnsupportedValueError} Where it cannot be given back exactly.
   * @throws {RangeError} Where it is too large.
   */
  async record(piece: PieceId, value: unknown): Promise<void> {
    const key = keyOf(piece);
    const { type, parts: [bytes = new Uint8Array()] } = copied(encodeValue(value, { name: key }));
    if (bytes.byteLength > MOST_BYTES) {
      throw new RangeError(
        `the result of ${key} has ${bytes.byteLength} bytes, and may have ${MOST_BYTES}: ` +
          `return less of it, or write it in a task of its own`,
      );
    }
    const entry = { kind: "piece", ...this.site, key, code: this.#codeOf(piece) } as const;
    const { attempts = 1 } = this.place.task?.declaration.retry ?? {};
    await this.journal.record({ ...entry, value: { type, bytes } }, attempts > 1);
  }

  /** A time that the task got, or waits for: the recorded one, or the one given, once it is recorded. */
  time(key: string, ms: () => number): Promise<number> {
    return this.journal.time(this.site, shortened(key), ms);
  }

  /**
   * A piece of a `map` is the same where its item and function are, and the params of its task; a step
   * has no item that tells what it is given, and so its whole task has to be the same.
   */
  #codeOf({ run, piece, item }: PieceId): string {
    const { task, params } = this.place;
    this.#own ??= task === undefined
      ? { step: "", map: "" }
      : { step: codeOfTask(task, params), map: settingsOf(task, params) };
    const code = codeOf(run);
    if (piece[0] !== "map") return knownDigestOf(`${code}${this.#own.step}`);
    return digestOf(`${code}${this.#own.map}${digestOfValue(item)}`);
  }
}

function keyOf({ piece }: PieceId): string {
  return shortened(JSON.stringify(piece));
}

function shortened(key: string): string {
  return key.length <= LONGEST_KEY ? key : `${key.slice(0, 100)}… ${digestOf(key)}`;
}
