/**
 * Lists what is saved, as a tree of lines.
 *
 * @module
 */
import {
  CheckpointNotFoundError,
  formatRef,
  type Holder,
  type Manifest,
  type ManifestRef,
  type SideLine,
} from "../../storage/mod.ts";
import type { Archive } from "../checkpoint/archive.ts";
import { holderText } from "../errors.ts";
import { timeText } from "../clock.ts";
import { messageOf } from "../thrown_text.ts";
import { formatBytes, longest } from "./text.ts";

/** Of a longer line, the states in its midst are left out. */
const MOST_STATES = 30;
const FIRST_SHOWN = 3;
const LAST_SHOWN = 20;
/** The most manifests that are read at once. */
const READS_AT_ONCE = 16;
/** How often it is listed, at most, beside a run that removes some of it meanwhile. */
const MOST_LOOKS = 3;

/** A saved epoch or phase, as `ls` shows it. */
export interface ListedState {
  /** The epoch; 0 after init. */
  readonly epoch: number;
  /** What was finished. */
  readonly phase: ManifestRef["phase"];
  /** The attempt that saved it. */
  readonly attempt: number;
  /** The epoch's name, as `resume --from` takes it on any line. */
  readonly from: string;
  /** The bytes of its blobs. */
  readonly bytes: number | undefined;
  /** When it was written, in ISO 8601. */
  readonly at: string | undefined;
  /** The stop condition that held after it. */
  readonly stop: string | undefined;
  /** What is wrong with it. */
  readonly problem: string | undefined;
}

/** States that follow each other. */
export interface ListedLine {
  /** Whether it is the current line. */
  readonly current: boolean;
  /** The attempt that reached its end; none for a current line with nothing saved. */
  readonly attempt: number | undefined;
  /** The state from which it branches off; none where it begins with a fresh start, or nothing tells where. */
  readonly branchesFrom: string | undefined;
  /** The nearest state before it that is listed: where the one that it branches off was removed, an older one. */
  readonly nearest: string | undefined;
  /** Whether it is known where it begins; else no record of its attempt is left. */
  readonly recorded: boolean;
  /** The states, oldest first. */
  readonly states: readonly ListedState[];
  /** How many states are left out before each of those that are listed, and after the last. */
  readonly leftOut: readonly number[];
}

/** What is saved at a place. */
export interface Listed {
  /** The place. */
  readonly place: string;
  /** Who works on the job now, as far as it can be known. */
  readonly holder: Holder | undefined;
  /** The current line, then the others, those of the newest attempts first. */
  readonly lines: readonly ListedLine[];
  /** Records that are damaged. */
  readonly damaged: readonly string[];
}

/** How much is listed. */
export interface ListOptions {
  /** Whether of long lines every state is listed. */
  readonly all: boolean;
}

/** Lists what is saved; of damaged states it says so. */
export async function listSaved(archive: Archive, { all }: ListOptions): Promise<Listed> {
  for (let looks = MOST_LOOKS;; looks--) {
    const { isChanging, ...listed } = await listNow(archive, all);
    if (!isChanging || looks <= 1) return listed;
  }
}

/** Lists it, and says whether some of it was removed meanwhile. */
async function listNow(
  archive: Archive,
  all: boolean,
): Promise<Listed & { readonly isChanging: boolean }> {
  const store = await archive.store();
  const { line, sides, damaged, unrecorded } = await store.history();
  const current: SideLine = {
    ...{ attempt: line.at(-1)?.attempt ?? 0, from: undefined, nearest: undefined, refs: line },
  };
  const branching = new Set(
    sides.flatMap(({ nearest }) => nearest === undefined ? [] : formatRef(nearest)),
  );
  const lines: ListedLine[] = [];
  let isChanging = false;
  for (const side of [current, ...sides]) {
    const chosen = side.refs.filter((ref, index, { length }) =>
      all || length <= MOST_STATES || index < FIRST_SHOWN || index >= length - LAST_SHOWN ||
      branching.has(formatRef(ref))
    );
    const found = new Map<ManifestRef, ListedState>();
    for (let at = 0; at < chosen.length; at += READS_AT_ONCE) {
      await Promise.all(
        chosen.slice(at, at + READS_AT_ONCE).map(async (ref) => {
          const state = await look(archive, ref);
          if (state === undefined) isChanging = true;
          else found.set(ref, state);
        }),
      );
    }
    const states = chosen.flatMap((ref) => found.get(ref) ?? []);
    if (states.length === 0) continue;
    lines.push({
      current: side === current,
      attempt: side.attempt,
      branchesFrom: side.from && formatRef(side.from),
      nearest: side.nearest && formatRef(side.nearest),
      recorded: !unrecorded.includes(side.attempt),
      states,
      leftOut: leftOutOf(side.refs, new Set(chosen), found),
    });
  }
  return {
    place: archive.place,
    holder: await store.store.holder?.(),
    lines,
    damaged: damaged.map(({ message }) => message),
    isChanging,
  };
}

/** How many states were not chosen before each that is listed, and after the last. */
function leftOutOf(
  refs: readonly ManifestRef[],
  chosen: ReadonlySet<ManifestRef>,
  found: ReadonlyMap<ManifestRef, ListedState>,
): readonly number[] {
  const leftOut: number[] = [];
  let count = 0;
  for (const ref of refs) {
    if (!chosen.has(ref)) count++;
    if (!found.has(ref)) continue;
    leftOut.push(count);
    count = 0;
  }
  return [...leftOut, count];
}

/** A state as it is listed; nothing where it was removed meanwhile. */
async function look(archive: Archive, ref: ManifestRef): Promise<ListedState | undefined> {
  const { epoch, phase, attempt } = ref;
  const from = `${epoch}@a${attempt}`;
  try {
    const manifest = await archive.read(ref);
    const at = timeText(manifest.createdAtMs);
    const { stop } = manifest.run;
    const bytes = sizeOf(manifest);
    return { epoch, phase, attempt, from, bytes, at, stop, problem: undefined };
  } catch (error) {
    if (error instanceof CheckpointNotFoundError) return undefined;
    const problem = messageOf(error);
    const unknown = { bytes: undefined, at: undefined, stop: undefined };
    return { epoch, phase, attempt, from, ...unknown, problem };
  }
}

function sizeOf({ nodes }: Manifest): number {
  return Object.values(nodes).flatMap((entries) => Object.values(entries))
    .reduce((sum, entry) => sum + ("absent" in entry ? 0 : entry.bytes), 0);
}

/**
 * The list as text: the current line, marked with a star, is the trunk of a tree, from which the others
 * branch off.
 */
export function listText({ place, holder, lines, damaged }: Listed): string {
  const notes = damaged.map((message) => `damaged: ${message}\n`);
  if (holder !== undefined) notes.push(`${holderText(holder)}, works on it\n`);
  if (lines.length === 0) return `nothing is saved at ${place}\n${notes.join("")}`;
  const tree = new Tree(lines);
  return `${place} (* is the current line)\n${tree.text()}${notes.join("")}`;
}

class Tree {
  readonly #refWidth: number;
  readonly #phaseWidth: number;
  readonly #branches = new Map<string, ListedLine[]>();
  readonly #out: string[] = [];

  constructor(private readonly lines: readonly ListedLine[]) {
    const all = lines.flatMap(({ states }) => states);
    this.#refWidth = longest(all.map(({ from }) => from));
    this.#phaseWidth = longest(all.map(phaseOf));
    for (const line of lines) {
      const { nearest } = line;
      if (nearest === undefined) continue;
      this.#branches.set(nearest, [...this.#branches.get(nearest) ?? [], line]);
    }
  }

  text(): string {
    const roots = this.lines.filter(({ current, nearest }) =>
      current || nearest === undefined || !this.#isListed(nearest)
    );
    for (const line of roots) {
      if (!line.current) this.#out.push(startOf(line));
      this.#line(line, "");
    }
    return this.#out.map((text) => `${text}\n`).join("");
  }

  /** Whether a state is one of those listed: what a line hangs on may have been removed since. */
  #isListed(name: string): boolean {
    return this.lines.some(({ states }) => states.some((state) => nameOf(state) === name));
  }

  #line({ current, states, leftOut }: ListedLine, indent: string): void {
    states.forEach((state, index) => {
      this.#gap(leftOut[index], indent);
      const name = state.from.padEnd(this.#refWidth);
      const phase = phaseOf(state).padEnd(this.#phaseWidth);
      this.#out.push(`${indent}${current ? "*" : " "} ${name}  ${phase}  ${factsOf(state)}`);
      for (const branch of this.#branches.get(nameOf(state)) ?? []) {
        this.#out.push(`${indent}|\\ ${startOf(branch)}`);
        this.#line(branch, `${indent}| `);
      }
    });
    this.#gap(leftOut.at(-1), indent);
  }

  #gap(count: number | undefined, indent: string): void {
    if (count !== undefined && count > 0) {
      this.#out.push(`${indent}  … ${count} more (--all lists them)`);
    }
  }
}

/** Where a line begins. */
function startOf({ attempt, branchesFrom, nearest, recorded }: ListedLine): string {
  if (!recorded) {
    return `beside it, attempt ${attempt}, of which no record is left (verify names what to bring back)`;
  }
  const gone = branchesFrom === nearest ? "" : ", which is gone";
  return `beside it, attempt ${attempt} from ${branchesFrom ?? "a fresh start"}${gone}`;
}

function nameOf({ epoch, attempt, phase }: ListedState): string {
  return formatRef({ epoch, attempt, phase });
}

function phaseOf({ epoch, phase }: ListedState): string {
  return phase === "epoch" && epoch === 0 ? "init" : phase;
}

function factsOf({ problem, at, bytes, stop }: ListedState): string {
  if (problem !== undefined) return problem;
  return `${at}  ${formatBytes(bytes ?? 0)}${stop === undefined ? "" : `  ${stop} holds`}`;
}
