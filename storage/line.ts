/**
 * Which saved states belong together: the current line, and the lines beside it.
 *
 * @module
 */
import { comparePosition, formatRef, type ManifestRef } from "./layout.ts";

/** What is known of an attempt. */
export interface AttemptInfo {
  /** Its number. */
  readonly attempt: number;
  /** Whether it has recorded where it starts from; before that it has done nothing. */
  readonly isStarted: boolean;
  /** Where it starts from; none for a fresh start. */
  readonly parent: ManifestRef | undefined;
  /** The attempt with which a person began the branch it is on, where that is known. */
  readonly branch?: number | undefined;
  /** The removal records that were there when it chose that, by name, where that is known. */
  readonly removals?: readonly string[] | undefined;
}

/** States that are not on the current line, and hang together. */
export interface SideLine {
  /** The attempt that reached the newest of them. */
  readonly attempt: number;
  /** The state from which they branch off; none where they begin with a fresh start. */
  readonly from: ManifestRef | undefined;
  /** The nearest state before them that is still there: where `from` was removed, an older one. */
  readonly nearest: ManifestRef | undefined;
  /** They, oldest first. */
  readonly refs: readonly ManifestRef[];
}

/** All saved states, by line. */
export interface Lines {
  /** The current line, oldest first. */
  readonly line: readonly ManifestRef[];
  /** All others: those of the newest attempts first. */
  readonly sides: readonly SideLine[];
}

/**
 * Sorts saved states into lines.
 *
 * The current line is the chain back from the highest attempt that has recorded where it starts
 * from. Of an attempt further back only what was reached up to the branching is part of it. Each
 * state is on exactly one line.
 */
export function computeLines(
  attempts: readonly AttemptInfo[],
  manifests: readonly ManifestRef[],
): Lines {
  const chains = new Chains(attempts, manifests);
  const line = chains.back(headOf(attempts)?.attempt ?? 0);
  // Chains hold the manifests themselves, so that each is one object.
  const placed = new Set(line);
  const sides: SideLine[] = [];
  for (const attempt of chains.attempts()) {
    const refs = chains.back(attempt, undefined, placed);
    const [first] = refs;
    if (first === undefined) continue;
    for (const ref of refs) placed.add(ref);
    sides.push({ attempt, from: chains.before(first), nearest: chains.nearestTo(first), refs });
  }
  return { line, sides };
}

/** The highest attempt that has recorded where it starts from: the end of the current line. */
export function headOf(attempts: readonly AttemptInfo[]): AttemptInfo | undefined {
  return attempts.reduce<AttemptInfo | undefined>(
    (most, info) => info.isStarted && info.attempt > (most?.attempt ?? 0) ? info : most,
    undefined,
  );
}

/** The states that led to one, oldest first, without itself. */
export function computeAncestors(
  attempts: readonly AttemptInfo[],
  manifests: readonly ManifestRef[],
  ref: ManifestRef,
): readonly ManifestRef[] {
  return new Chains(attempts, manifests).back(ref.attempt, ref)
    .filter((other) => formatRef(other) !== formatRef(ref));
}

class Chains {
  readonly #infos: ReadonlyMap<number, AttemptInfo>;
  readonly #manifests = new Map<number, ManifestRef[]>();

  constructor(attempts: readonly AttemptInfo[], manifests: readonly ManifestRef[]) {
    this.#infos = new Map(attempts.map((info) => [info.attempt, info]));
    for (const ref of manifests) {
      const own = this.#manifests.get(ref.attempt);
      if (own === undefined) this.#manifests.set(ref.attempt, [ref]);
      else own.push(ref);
    }
    for (const own of this.#manifests.values()) own.sort(comparePosition);
  }

  /** The attempts that have saved something, newest first. */
  attempts(): readonly number[] {
    return [...this.#manifests.keys()].sort((a, b) => b - a);
  }

  /**
   * The chain back from an attempt, up to a state of it, oldest first; only as far back as it is not
   * part of known chains.
   */
  back(
    head: number,
    limit?: ManifestRef,
    known: ReadonlySet<ManifestRef> = new Set(),
  ): ManifestRef[] {
    const pieces: ManifestRef[][] = [];
    let attempt = head;
    let last = limit;
    while (true) {
      const end = last;
      const own = this.#manifests.get(attempt) ?? [];
      const piece = end === undefined ? own : own.filter((ref) => comparePosition(ref, end) <= 0);
      // Of a chain all that comes before a state is in each chain that has the state.
      const isNew = known.size === 0 || !piece.some((ref) => known.has(ref));
      pieces.push(isNew ? piece : piece.filter((ref) => !known.has(ref)));
      if (!isNew) break;
      const parent = this.#infos.get(attempt)?.parent;
      // A parent is always older, as its record's reader has checked.
      if (parent === undefined || parent.attempt >= attempt) break;
      attempt = parent.attempt;
      last = parent;
    }
    return pieces.reverse().flat();
  }

  /** The state before one. */
  before(ref: ManifestRef): ManifestRef | undefined {
    const own = this.#manifests.get(ref.attempt) ?? [];
    return own.findLast((other) => comparePosition(other, ref) < 0) ??
      this.#infos.get(ref.attempt)?.parent;
  }

  /** The nearest state before one that is there. */
  nearestTo(ref: ManifestRef): ManifestRef | undefined {
    let at = this.before(ref);
    while (at !== undefined) {
      const [from, own] = [at, this.#manifests.get(at.attempt) ?? []];
      const found = own.findLast((other) => comparePosition(other, from) <= 0);
      if (found !== undefined) return found;
      const parent = this.#infos.get(from.attempt)?.parent;
      at = parent !== undefined && parent.attempt < from.attempt ? parent : undefined;
    }
    return undefined;
  }
}
