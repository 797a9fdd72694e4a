/**
 * What a workload knows to be promised: which saves, pins and removals were begun and acknowledged.
 */

import {
  compareLogPosition,
  formatRef,
  type ManifestRef,
  type PinnedEpoch,
} from "../../storage/mod.ts";
import { comparePosition } from "../../storage/layout.ts";

/** What a workload remarks while it works. */
export type Note =
  /** An attempt has its number. */
  | { readonly note: "begun"; readonly attempt: number }
  /** It is about to say, or has said, where it starts from. */
  | {
    readonly note: "starting" | "started";
    readonly attempt: number;
    readonly parent: ManifestRef | undefined;
  }
  /** A save begins; its values are those of the tag. */
  | {
    readonly note: "saving";
    readonly ref: ManifestRef;
    readonly parent: ManifestRef | undefined;
    readonly tag: number;
  }
  | { readonly note: "saved"; readonly ref: ManifestRef }
  /** An attempt begins to remove. */
  | { readonly note: "removing"; readonly attempt: number; readonly refs: readonly ManifestRef[] }
  /** It has removed what was not pinned meanwhile. */
  | { readonly note: "removed"; readonly refs: readonly ManifestRef[] }
  /** An epoch is pinned, and so are its states that were listed before. */
  | { readonly note: "pinned"; readonly pin: PinnedEpoch; readonly refs: readonly ManifestRef[] }
  | { readonly note: "pinning" | "unpinning" | "unpinned"; readonly pin: PinnedEpoch }
  /** Entries are about to be appended to a log, or were. */
  | { readonly note: "logging" | "logged"; readonly entries: readonly LoggedFact[] };

/** An entry of a log. */
export interface LoggedFact {
  readonly id: number;
  /** The state after which the log begins. */
  readonly after: ManifestRef | undefined;
  readonly attempt: number;
}

/** A save that was begun. */
export interface BegunSave {
  readonly ref: ManifestRef;
  readonly parent: ManifestRef | undefined;
  readonly tag: number;
}

/** All that was begun and acknowledged up to a moment. */
export class Facts {
  /** The attempts that were begun. */
  readonly attempts = new Set<number>();
  /** A save that was acknowledged though a newer attempt had begun. */
  unfenced: string | undefined;
  /** Attempts and where they start from; `"unknown"` while that is being said. */
  readonly parents = new Map<number, ManifestRef | undefined | "unknown">();
  /** Saves that were begun, by ref. */
  readonly saves = new Map<string, BegunSave>();
  /** Entries of logs that were begun, by number. */
  readonly logging = new Map<number, LoggedFact>();
  readonly #logged = new Set<number>();
  readonly #acknowledged = new Set<string>();
  readonly #removing = new Set<string>();
  readonly #pinned = new Set<string>();
  readonly #pins = new Map<string, "there" | "unknown" | "gone">();

  /** Whether a save came too late: a newer attempt, which it found, may have removed packs that it names before it was there. */
  isFenced(ref: ManifestRef): boolean {
    return ref.attempt < this.attempt && !this.#acknowledged.has(formatRef(ref));
  }

  clone(): Facts {
    const copy = new Facts();
    for (const attempt of this.attempts) copy.attempts.add(attempt);
    copy.unfenced = this.unfenced;
    for (const [attempt, parent] of this.parents) copy.parents.set(attempt, parent);
    for (const [ref, save] of this.saves) copy.saves.set(ref, save);
    for (const [id, entry] of this.logging) copy.logging.set(id, entry);
    for (const id of this.#logged) copy.#logged.add(id);
    for (const ref of this.#acknowledged) copy.#acknowledged.add(ref);
    for (const ref of this.#removing) copy.#removing.add(ref);
    for (const ref of this.#pinned) copy.#pinned.add(ref);
    for (const [pin, state] of this.#pins) copy.#pins.set(pin, state);
    return copy;
  }

  apply(note: Note): void {
    switch (note.note) {
      case "begun":
        this.attempts.add(note.attempt);
        return;
      case "starting":
        this.parents.set(note.attempt, "unknown");
        return;
      case "started":
        this.parents.set(note.attempt, note.parent);
        return;
      case "saving":
        this.saves.set(formatRef(note.ref), note);
        return;
      case "saved":
        this.#acknowledged.add(formatRef(note.ref));
        // The newer attempt may have looked for its parent before.
        if (note.ref.attempt < this.attempt) this.unfenced = formatRef(note.ref);
        return;
      case "removing":
        // One that a newer attempt has taken over from decides nothing any more.
        if (note.attempt < this.attempt) return;
        for (const ref of note.refs) this.#removing.add(formatRef(ref));
        return;
      case "removed":
        // What a pin has kept from it stays listed, also behind a power cut.
        for (const ref of note.refs) {
          if (this.#pinned.has(formatRef(ref))) this.#removing.delete(formatRef(ref));
        }
        return;
      case "pinned":
        this.#pins.set(keyOf(note.pin), "there");
        for (const ref of note.refs) this.#pinned.add(formatRef(ref));
        return;
      case "pinning":
        if (this.pin(note.pin) === "gone") this.#pins.delete(keyOf(note.pin));
        return;
      case "unpinning":
        this.#pins.set(keyOf(note.pin), "unknown");
        for (const { ref } of this.saves.values()) {
          if (keyOf(ref) === keyOf(note.pin)) this.#pinned.delete(formatRef(ref));
        }
        return;
      case "unpinned":
        this.#pins.set(keyOf(note.pin), "gone");
        return;
      case "logging":
        for (const entry of note.entries) this.logging.set(entry.id, entry);
        return;
      case "logged":
        for (const { id, attempt } of note.entries) {
          this.#logged.add(id);
          if (attempt < this.attempt) this.unfenced = `entry ${id}`;
        }
    }
  }

  /** The highest attempt that was begun. */
  get attempt(): number {
    return Math.max(0, ...this.attempts);
  }

  /** What is known of an epoch's pin. */
  pin(pin: PinnedEpoch): "there" | "unknown" | "gone" {
    return this.#pins.get(keyOf(pin)) ?? "unknown";
  }

  /** The acknowledged saves that must be there: those that nobody has begun to remove, and pinned ones. */
  kept(): readonly BegunSave[] {
    return [...this.saves.values()].filter(({ ref }) => {
      if (!this.#acknowledged.has(formatRef(ref))) return false;
      return this.#pinned.has(formatRef(ref)) || !this.isLeaving(ref);
    });
  }

  /** The entries of logs that a resume from a state must find. */
  loggedAfter(from: ManifestRef | undefined): readonly number[] {
    return [...this.logging.values()].flatMap(({ id, after, attempt }) => {
      const order = compareLogPosition(after, from);
      // One of an attempt that has not gone on from that state is of no use to it.
      const goesOn = attempt >= (from?.attempt ?? 0) &&
        (order > 0 || (order === 0 && after?.attempt === from?.attempt));
      return goesOn && this.#logged.has(id) ? [id] : [];
    });
  }

  /** Whether all that was to be appended is known to have been. */
  get isAllLogged(): boolean {
    return this.#logged.size === this.logging.size;
  }

  /** Whether somebody has begun to remove it. */
  isLeaving(ref: ManifestRef): boolean {
    return this.#removing.has(formatRef(ref));
  }

  /** The saves of the current line that must be there; `undefined` while another line may begin. */
  line(): readonly BegunSave[] | undefined {
    const head = Math.max(0, ...this.parents.keys());
    const kept = this.kept();
    const line: BegunSave[] = [];
    let last: ManifestRef | undefined;
    for (let attempt = head; attempt > 0;) {
      const parent = this.parents.get(attempt);
      if (parent === "unknown") return undefined;
      const end = last;
      line.push(
        ...kept.filter(({ ref }) =>
          ref.attempt === attempt && (end === undefined || comparePosition(ref, end) <= 0)
        ),
      );
      attempt = parent?.attempt ?? 0;
      last = parent;
    }
    return line;
  }
}

function keyOf({ epoch, attempt }: PinnedEpoch): string {
  return `${epoch}@a${attempt}`;
}
