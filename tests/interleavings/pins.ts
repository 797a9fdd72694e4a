/** What persons have pinned. */

import { formatRef, type ManifestRef, type PinnedEpoch } from "../../storage/mod.ts";
import type { Note } from "./notes.ts";

/** A remark about a pin. */
type PinNote = Extract<Note, { readonly pin: PinnedEpoch }>;

/** Follows pins; what one person pins while another unpins it may be either. */
export class Pins {
  readonly #refs = new Map<string, { readonly key: string; readonly ref: ManifestRef }>();
  /** How often each was begun to be unpinned, and how often that has ended. */
  readonly #begun = new Map<string, number>();
  readonly #ended = new Map<string, number>();
  /** What had ended when a process began to pin. */
  readonly #since = new Map<string, number>();

  /** The states that are pinned for certain. */
  get refs(): readonly ManifestRef[] {
    return [...this.#refs.values()].map(({ ref }) => ref);
  }

  /** Takes note of what is done. */
  note(note: PinNote): void {
    const key = `${note.pin.epoch}@${note.pin.attempt}`;
    switch (note.note) {
      case "pinning":
        return void this.#since.set(note.by, this.#ended.get(key) ?? 0);
      case "pinned":
        if ((this.#begun.get(key) ?? 0) > (this.#since.get(note.by) ?? 0)) return;
        for (const ref of note.refs) this.#refs.set(formatRef(ref), { key, ref });
        return;
      case "unpinning":
        this.#begun.set(key, (this.#begun.get(key) ?? 0) + 1);
        for (const [name, pinned] of this.#refs) if (pinned.key === key) this.#refs.delete(name);
        return;
      case "unpinned":
        this.#ended.set(key, (this.#ended.get(key) ?? 0) + 1);
    }
  }
}
