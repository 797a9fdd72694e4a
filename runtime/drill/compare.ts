/**
 * Finds the first thing in which two runs of a job differ.
 *
 * @module
 */
import {
  type CheckpointStore,
  comparePosition,
  type Difference,
  firstDifference,
  type ManifestRef,
} from "../../storage/mod.ts";
import { flatten } from "../../dsl/check/inventory.ts";
import type { PlacedStep } from "../../dsl/layout.ts";
import type { Program } from "../program.ts";

/** A blob that two runs left with different values. */
export interface BlobDifference {
  /** The end of which phase of which epoch. */
  readonly at: Pick<ManifestRef, "epoch" | "phase">;
  /** The node. */
  readonly node: string;
  /** The blob. */
  readonly blob: string;
  /** Where in the value: `left` is the first run's. */
  readonly difference: Difference;
}

/** Where a run came to its end. */
export interface RunEnd extends Pick<ManifestRef, "epoch" | "phase"> {
  /** The stop condition that held there, in words. */
  readonly stop: string | undefined;
}

/** Two runs came to their ends at different places, with the same values as far as both came. */
export interface EndDifference {
  /** The end of the first run, and of the other; none where it has saved nothing. */
  readonly ends: readonly [RunEnd | undefined, RunEnd | undefined];
}

/** The first thing in which two runs differ. */
export type RunDifference = BlobDifference | EndDifference;

/** The values of a run's blobs, by node and name. */
export type Values = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/**
 * The first difference between what two runs saved: in the earliest state that both have and where they
 * differ, the blob that is written first; where there is none, their ends, if those are apart and it is
 * not the clock that ends them.
 */
export async function compareSaved(
  first: CheckpointStore,
  second: CheckpointStore,
  program: Program,
): Promise<RunDifference | undefined> {
  const [line, others] = [(await first.history()).line, (await second.history()).line];
  for (const ref of line) {
    const other = others.find((other) => comparePosition(ref, other) === 0);
    if (other === undefined) continue;
    const [left, right] = [await load(first, ref), await load(second, other)];
    const difference = compareValues(left, right, ref, program);
    if (difference !== undefined) return difference;
  }
  const [end, otherEnd] = [line.at(-1), others.at(-1)];
  const isSame = end === undefined || otherEnd === undefined
    ? end === otherEnd
    : comparePosition(end, otherEnd) === 0;
  if (isSame || endsByTheClock(program)) return undefined;
  return { ends: [await endAt(first, end), await endAt(second, otherEnd)] };
}

/** Whether a run may end at another epoch for no other reason than that it was slower: by `elapsed`. */
export function endsByTheClock({ until }: Pick<Program, "until">): boolean {
  return until.some((condition) => flatten(condition).some(({ of }) => of === "elapsed"));
}

async function endAt(
  store: CheckpointStore,
  ref: ManifestRef | undefined,
): Promise<RunEnd | undefined> {
  if (ref === undefined) return undefined;
  const { run: { stop } } = await store.readManifest(ref);
  return { epoch: ref.epoch, phase: ref.phase, stop };
}

/** The first difference between the values of two runs at one place; the blob that is written first. */
export function compareValues(
  left: Values,
  right: Values,
  { epoch, phase }: Pick<ManifestRef, "epoch" | "phase">,
  program: Program,
): BlobDifference | undefined {
  const found: BlobDifference[] = [];
  for (const node of new Set([...left.keys(), ...right.keys()])) {
    const [one, other] = [left.get(node), right.get(node)];
    for (const blob of new Set([...one?.keys() ?? [], ...other?.keys() ?? []])) {
      const difference = differenceOf(one, other, blob);
      if (difference !== undefined) found.push({ at: { epoch, phase }, node, blob, difference });
    }
  }
  const [first] = found.sort((a, b) => positionOf(a, program) - positionOf(b, program));
  return first;
}

function differenceOf(
  left: ReadonlyMap<string, unknown> | undefined,
  right: ReadonlyMap<string, unknown> | undefined,
  blob: string,
): Difference | undefined {
  const isLeft = left?.has(blob) === true;
  const isRight = right?.has(blob) === true;
  if (isLeft && isRight) return differenceBetween(left.get(blob), right.get(blob));
  const say = (isSet: boolean): string => isSet ? "set" : "not set";
  return isLeft === isRight ? undefined : { path: "", left: say(isLeft), right: say(isRight) };
}

/** What is known of a derived blob. */
class Digest {
  constructor(readonly sha256: string) {}
}

function differenceBetween(left: unknown, right: unknown): Difference | undefined {
  if (!(left instanceof Digest && right instanceof Digest)) return firstDifference(left, right);
  if (left.sha256 === right.sha256) return undefined;
  const [one, other] = [left, right].map(({ sha256 }) => `SHA-256 ${sha256.slice(0, 12)}…`);
  return { path: "", left: one ?? "", right: other ?? "" };
}

/** The tasks that write a blob in a phase, in list order. */
export function writersOf(
  difference: Pick<BlobDifference, "at" | "node" | "blob">,
  program: Program,
): readonly string[] {
  const { steps } = program.groups[groupOf(difference, program)];
  const found = steps.filter((step) => isWriter(step, difference));
  return [...new Set(found.flatMap(({ task }) => task === undefined ? [] : [task.name]))];
}

/** Where in its group a blob is written; what is derived comes before all else that is made of it. */
function positionOf(difference: BlobDifference, program: Program): number {
  const { steps } = program.groups[groupOf(difference, program)];
  const index = steps.findIndex((step) => isWriter(step, difference));
  if (index < 0) return Infinity;
  return isDerived(difference, program) ? index - steps.length : index;
}

function isDerived(
  { node, blob }: Pick<BlobDifference, "node" | "blob">,
  { derived }: Program,
): boolean {
  return derived.some((placed) => placed.node === node && placed.blob.name === blob);
}

function isWriter(
  { kind, writes }: PlacedStep,
  { node, blob }: Pick<BlobDifference, "node" | "blob">,
): boolean {
  return kind === "task" &&
    writes.some((write) => write.node === node && write.blob.name === blob);
}

/** The group that leads to a state, or to a derived blob in any. */
function groupOf(
  difference: Pick<BlobDifference, "at" | "node" | "blob">,
  program: Program,
): "init" | "epoch" | "download" | "exit" {
  const { epoch, phase } = difference.at;
  if (isDerived(difference, program)) return "init";
  if (phase === "download" || phase === "exit") return phase;
  return epoch === 0 ? "init" : "epoch";
}

/** What a state holds of each blob: its value, or of a derived one its digest. */
async function load(store: CheckpointStore, ref: ManifestRef): Promise<Values> {
  const manifest = await store.readManifest(ref);
  const values = new Map<string, Map<string, unknown>>();
  const nodeOf = (node: string): Map<string, unknown> => {
    const own = values.get(node) ?? new Map<string, unknown>();
    values.set(node, own);
    return own;
  };
  for (const [node, blobs] of await store.readBlobs(manifest, () => true)) {
    for (const [name, value] of blobs) nodeOf(node).set(name, value);
  }
  for (const [node, digests] of Object.entries(manifest.run.derived ?? {})) {
    for (const [name, digest] of Object.entries(digests)) {
      if (digest !== null) nodeOf(node).set(name, new Digest(digest));
    }
  }
  return values;
}
