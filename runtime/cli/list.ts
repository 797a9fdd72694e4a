/**
 * Lists what is saved.
 *
 * @module
 */
import { formatRef, type Manifest, type ManifestRef, type SideLine } from "../../storage/mod.ts";
import type { Archive } from "../checkpoint/archive.ts";
import { formatBytes } from "./text.ts";

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
  /** The state from which it branches off; none where it begins with a fresh start. */
  readonly branchesFrom: string | undefined;
  /** The states, oldest first. */
  readonly states: readonly ListedState[];
}

/** What is saved at a place. */
export interface Listed {
  /** The place. */
  readonly place: string;
  /** The current line, then the others, those of the newest attempts first. */
  readonly lines: readonly ListedLine[];
  /** Records that are damaged. */
  readonly damaged: readonly string[];
}

/** Lists what is saved; of damaged states it says so. */
export async function listSaved(archive: Archive): Promise<Listed> {
  const { line, sides, damaged } = await (await archive.store()).history();
  const current: SideLine = { attempt: line.at(-1)?.attempt ?? 0, from: undefined, refs: line };
  const lines: ListedLine[] = [];
  for (const side of [current, ...sides]) {
    if (side.refs.length === 0) continue;
    const states: ListedState[] = [];
    for (const ref of side.refs) states.push(await look(archive, ref));
    lines.push({
      current: side === current,
      attempt: side.attempt,
      branchesFrom: side.from && formatRef(side.from),
      states,
    });
  }
  return { place: archive.place, lines, damaged: damaged.map(({ message }) => message) };
}

async function look(archive: Archive, ref: ManifestRef): Promise<ListedState> {
  const { epoch, phase, attempt } = ref;
  const from = `${epoch}@a${attempt}`;
  try {
    const manifest = await archive.read(ref);
    const at = new Date(manifest.createdAtMs).toISOString();
    const { stop } = manifest.run;
    const bytes = sizeOf(manifest);
    return { epoch, phase, attempt, from, bytes, at, stop, problem: undefined };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const unknown = { bytes: undefined, at: undefined, stop: undefined };
    return { epoch, phase, attempt, from, ...unknown, problem };
  }
}

function sizeOf({ nodes }: Manifest): number {
  return Object.values(nodes).flatMap((entries) => Object.values(entries))
    .reduce((sum, entry) => sum + ("absent" in entry ? 0 : entry.bytes), 0);
}

/** The list as text; what is on the current line is marked with a star. */
export function listText({ place, lines, damaged }: Listed): string {
  const warnings = damaged.map((message) => `damaged: ${message}\n`).join("");
  if (lines.length === 0) return `nothing is saved at ${place}\n${warnings}`;
  const all = lines.flatMap(({ states }) => states);
  const refWidth = Math.max(...all.map(({ from }) => from.length));
  const phaseWidth = Math.max(...all.map((state) => phaseOf(state).length));
  const blocks = lines.map(({ current, attempt, branchesFrom, states }) => {
    const start = branchesFrom === undefined ? "a fresh start" : branchesFrom;
    const head = current ? "" : `beside it, attempt ${attempt} from ${start}\n`;
    return head + states.map((state) => {
      const mark = current ? "*" : " ";
      const name = `${state.from.padEnd(refWidth)}  ${phaseOf(state).padEnd(phaseWidth)}`;
      return `${mark} ${name}  ${factsOf(state)}\n`;
    }).join("");
  });
  return `${place} (* is the current line)\n${blocks.join("")}${warnings}`;
}

function phaseOf({ epoch, phase }: ListedState): string {
  return phase === "epoch" && epoch === 0 ? "init" : phase;
}

function factsOf({ problem, at, bytes, stop }: ListedState): string {
  if (problem !== undefined) return problem;
  return `${at}  ${formatBytes(bytes ?? 0)}${stop === undefined ? "" : `  ${stop} holds`}`;
}
