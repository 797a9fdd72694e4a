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

/** The values of a run's blobs, by node and name. */
export type Values = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/**
 * The first difference between what two runs saved: in the earliest state that both have and where they
 * differ, the blob that is written first.
 */
export async function compareSaved(
  first: CheckpointStore,
  second: CheckpointStore,
  program: Program,
): Promise<BlobDifference | undefined> {
  const others = (await second.history()).line;
  for (const ref of (await first.history()).line) {
    const other = others.find((other) => comparePosition(ref, other) === 0);
    if (other === undefined) continue;
    const [left, right] = [await load(first, ref), await load(second, other)];
    const difference = compareValues(left, right, ref, program);
    if (difference !== undefined) return difference;
  }
  return undefined;
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

/** The task that writes a blob in a phase, the first in list order. */
export function writerOf(
  { at, node, blob }: Pick<BlobDifference, "at" | "node" | "blob">,
  { groups }: Program,
): string | undefined {
  const index = indexOf({ at, node, blob }, { groups });
  return index === undefined ? undefined : groups[groupOf(at)].steps[index]?.task?.name;
}

function positionOf(difference: BlobDifference, program: Program): number {
  return indexOf(difference, program) ?? Infinity;
}

function indexOf(
  { at, node, blob }: Pick<BlobDifference, "at" | "node" | "blob">,
  { groups }: Pick<Program, "groups">,
): number | undefined {
  const index = groups[groupOf(at)].steps.findIndex(({ kind, writes }) =>
    kind === "task" && writes.some((write) => write.node === node && write.blob.name === blob)
  );
  return index < 0 ? undefined : index;
}

/** The group that leads to a state. */
function groupOf({ epoch, phase }: BlobDifference["at"]): "init" | "epoch" | "download" | "exit" {
  if (phase === "download" || phase === "exit") return phase;
  return epoch === 0 ? "init" : "epoch";
}

async function load(store: CheckpointStore, ref: ManifestRef): Promise<Values> {
  return await store.readBlobs(await store.readManifest(ref), () => true);
}
