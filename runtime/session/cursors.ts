/**
 * The positions of cursors, and the slices they give.
 *
 * @module
 */
import type { CursorRef, Slice } from "../../dsl/mod.ts";
import { makeRng } from "../rng/rng.ts";

/** Where a cursor stands. */
export interface CursorPosition {
  /** The index of its next item. */
  readonly position: number;
  /** How often it has wrapped. */
  readonly pass: number;
  /** How long its list was when last seen; `-1` before. */
  readonly length: number;
}

/** Positions by node and cursor. */
export type CursorPositions = Readonly<Record<string, Readonly<Record<string, CursorPosition>>>>;

const START: CursorPosition = { position: 0, pass: 0, length: -1 };

interface Taken {
  readonly cursor: CursorRef<unknown>;
  readonly node: string;
  readonly take: number;
  readonly length: number;
}

/** The cursors of a run. */
export class Cursors {
  #positions = new Map<string, Map<string, CursorPosition>>();
  #taken = new Map<string, Taken>();
  #orders = new Map<string, Uint32Array>();

  /** Starts all cursors, or puts them where they stood. */
  constructor(
    /** What shuffled orders depend on. */
    readonly source: { readonly job: string; readonly seed: number },
    saved: CursorPositions = {},
  ) {
    for (const [node, cursors] of Object.entries(saved)) {
      this.#positions.set(node, new Map(Object.entries(cursors)));
    }
  }

  /** The slice of this epoch, the same for all who read it; it advances with {@linkcode advance}. */
  slice(
    cursor: CursorRef<unknown>,
    node: string,
    list: ArrayLike<unknown>,
    take: number,
  ): Slice<unknown> {
    const { length } = list;
    this.#taken.set(`${node}/${cursor.name}`, { cursor, node, take, length });
    const { position, pass } = this.#at(cursor, node, length);
    const end = Math.min(position + take, length);
    const order = cursor.shuffle ? this.#order(cursor, node, length, pass) : undefined;
    const items: unknown[] = [];
    for (let index = position; index < end; index++) items.push(list[order?.[index] ?? index]);
    return { start: position, end: Math.max(position, end), items };
  }

  /** How much of a cursor was taken in this epoch on a node; nothing where it was not read. */
  takenOf(
    cursor: CursorRef<unknown>,
    node: string,
  ): { readonly cursor: string; readonly take: number; readonly length: number } | undefined {
    const taken = this.#taken.get(`${node}/${cursor.name}`);
    return taken && { cursor: cursor.name, take: taken.take, length: taken.length };
  }

  /** Takes as much again as a task had taken that does not run again. */
  retake(cursor: CursorRef<unknown>, node: string, take: number, length: number): void {
    this.#taken.set(`${node}/${cursor.name}`, { cursor, node, take, length });
  }

  /** Moves each cursor that was read past what it gave. */
  advance(): void {
    for (const { cursor, node, take, length } of this.#taken.values()) {
      const { position, pass } = this.#at(cursor, node, length);
      const next = Math.max(position, Math.min(position + take, length));
      this.#of(node).set(cursor.name, { position: next, pass, length });
    }
    this.#taken.clear();
  }

  /** Forgets what was read and not committed. */
  rewind(): void {
    this.#taken.clear();
  }

  /** Whether a cursor has given all its items on each of some nodes; it has not where it was never read. */
  isDrained(cursor: CursorRef<unknown>, nodes: Iterable<string>): boolean {
    let isRead = false;
    for (const node of nodes) {
      const at = this.#positions.get(node)?.get(cursor.name);
      if (at === undefined || at.position < at.length) return false;
      isRead = true;
    }
    return isRead;
  }

  /** The positions, to be saved. */
  save(): CursorPositions {
    const saved: Record<string, Record<string, CursorPosition>> = {};
    for (const [node, cursors] of this.#positions) saved[node] = Object.fromEntries(cursors);
    return saved;
  }

  #of(node: string): Map<string, CursorPosition> {
    const found = this.#positions.get(node);
    if (found !== undefined) return found;
    const made = new Map<string, CursorPosition>();
    this.#positions.set(node, made);
    return made;
  }

  #at(cursor: CursorRef<unknown>, node: string, length: number): CursorPosition {
    const at = this.#positions.get(node)?.get(cursor.name) ?? START;
    const isAtEnd = cursor.wrap && length > 0 && at.position >= length;
    return isAtEnd ? { position: 0, pass: at.pass + 1, length } : at;
  }

  #order(cursor: CursorRef<unknown>, node: string, length: number, pass: number): Uint32Array {
    const key = `${node}/${cursor.name}`;
    const name = `${pass}/${length}`;
    const known = this.#orders.get(`${key}/${name}`);
    if (known !== undefined) return known;
    for (const old of this.#orders.keys()) if (old.startsWith(`${key}/`)) this.#orders.delete(old);
    const { job, seed } = this.source;
    const rng = makeRng({
      job,
      seed,
      phase: "cursor",
      epoch: pass,
      task: cursor.name,
      node,
      name: "order",
    });
    const order = Uint32Array.from({ length }, (_, index) => index);
    for (let index = length - 1; index > 0; index--) {
      const other = rng.int(index + 1);
      const item = order[index] ?? 0;
      order[index] = order[other] ?? 0;
      order[other] = item;
    }
    this.#orders.set(`${key}/${name}`, order);
    return order;
  }
}
