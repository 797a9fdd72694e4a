/**
 * Which tasks run, in memory that another thread can read.
 *
 * @module
 */
import type { RunEvent } from "../events.ts";

/** How the table lies in memory. */
export interface TableLayout {
  /** Where it begins. */
  readonly start: number;
  /** How many tasks it holds; more that run at once are not watched. */
  readonly slots: number;
  /** The bytes of one: its state, the length of its name, its deadline, its name. */
  readonly slotBytes: number;
  /** The bytes that a name may take. */
  readonly nameBytes: number;
}

/** The table's layout behind a head of so many bytes. */
export function tableLayout(start: number): TableLayout {
  const nameBytes = 112;
  return { start, slots: 32, slotBytes: 16 + nameBytes, nameBytes };
}

/** Keeps the table, by what the events say. */
export class RunningTasks {
  readonly #layout: TableLayout;
  readonly #timeouts: ReadonlyMap<string, number>;
  readonly #memory: SharedArrayBuffer;
  readonly #states: Int32Array;
  readonly #view: DataView;
  readonly #names = new Map<string, Uint8Array>();
  readonly #used = new Map<string, number>();
  readonly #free: number[];

  /** Takes the memory, and the timeouts of tasks by name in milliseconds. */
  constructor(
    memory: SharedArrayBuffer,
    layout: TableLayout,
    timeouts: ReadonlyMap<string, number>,
  ) {
    this.#layout = layout;
    this.#timeouts = timeouts;
    this.#memory = memory;
    this.#states = new Int32Array(memory);
    this.#view = new DataView(memory);
    this.#free = Array.from({ length: layout.slots }, (_, index) => layout.slots - 1 - index);
  }

  /** Follows an event. */
  observe(event: RunEvent): void {
    if (event.type === "task-started") {
      const slot = this.#used.get(event.id) ?? this.#free.pop();
      if (slot === undefined) return;
      this.#used.set(event.id, slot);
      this.#write(slot, event.id, event.time + (this.#timeouts.get(event.task) ?? Infinity));
    } else if (event.type === "task-finished" || event.type === "task-failed") {
      const slot = this.#used.get(event.id);
      if (slot === undefined) return;
      Atomics.store(this.#states, this.#at(slot) / 4, 0);
      this.#used.delete(event.id);
      this.#free.push(slot);
    }
  }

  #write(slot: number, id: string, deadline: number): void {
    const at = this.#at(slot);
    const name = this.#name(id);
    new Uint8Array(this.#memory, at + 16, name.length).set(name);
    this.#view.setInt32(at + 4, name.length);
    this.#view.setFloat64(at + 8, deadline);
    Atomics.store(this.#states, at / 4, 1);
  }

  #at(slot: number): number {
    return this.#layout.start + slot * this.#layout.slotBytes;
  }

  #name(id: string): Uint8Array {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(this.#layout.nameBytes);
    const { written } = new TextEncoder().encodeInto(id, bytes);
    const name = bytes.subarray(0, written);
    if (this.#names.size < 1_000) this.#names.set(id, name);
    return name;
  }
}
