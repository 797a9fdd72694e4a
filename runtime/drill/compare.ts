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
  if (isLeft && isRight) return firstDifference(left.get(blob), right.get(blob));
  const say = (isSet: boolean): string => isSet ? "set" : "not set";
  return isLeft === isRight ? undefined : { path: "", left: say(isLeft), right: say(isRight) };
}

/** The tasks that write a blob in a phase, in list order. */
export function writersOf(
  difference: Pick<BlobDifference, "at" | "node" | "blob">,
  { groups }: Program,
): readonly string[] {
  const found = groups[groupOf(difference.at)].steps.filter((step) => isWriter(step, difference));
  return [...new Set(found.flatMap(({ task }) => task === undefined ? [] : [task.name]))];
}

function positionOf(difference: BlobDifference, { groups }: Program): number {
  const { steps } = groups[groupOf(difference.at)];
  const index = steps.findIndex((step) => isWriter(step, difference));
  return index < 0 ? Infinity : index;
}

function isWriter(
  { kind, writes }: PlacedStep,
  { node, blob }: Pick<BlobDifference, "node" | "blob">,
): boolean {
  return kind === "task" &&
    writes.some((write) => write.node === node && write.blob.name === blob);
}

/** The group that leads to a state. */
function groupOf({ epoch, phase }: BlobDifference["at"]): "init" | "epoch" | "download" | "exit" {
  if (phase === "download" || phase === "exit") return phase;
  return epoch === 0 ? "init" : "epoch";
}

async function load(store: CheckpointStore, ref: ManifestRef): Promise<Values> {
  return await store.readBlobs(await store.readManifest(ref), () => true);
}
