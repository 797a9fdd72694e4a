/**
 * What a save takes: which blobs, which numbers, which state of the run.
 *
 * @module
 */
import { INLINE_BYTES, type SaveRequest } from "../../storage/mod.ts";
import type { Program } from "../program.ts";
import type { CheckpointHost } from "../session/session.ts";

/**
 * The blobs of a node that are to be saved: the job's; without a job those listed before, or all
 * that are there.
 */
export function blobsToSave(
  host: CheckpointHost,
  node: string,
  program: Program | undefined,
  listed?: readonly string[],
): readonly string[] {
  if (program !== undefined) {
    return program.saved.filter((saved) => saved.node === node).map(({ blob }) => blob.name);
  }
  const { names: set, declared } = host.workspace(node);
  const names = listed ?? [...new Set([...declared.keys(), ...set])];
  return names.filter((name) => {
    const blob = declared.get(name);
    return blob?.scratch !== true && blob?.derived !== true;
  });
}

/** The numbers by which epochs are compared, as they are now. */
export async function metricsNow(
  host: CheckpointHost,
  program: Program | undefined,
): Promise<Record<string, number>> {
  const metrics: Record<string, number> = {};
  for (const { node, blob, key } of program?.metrics ?? []) {
    const workspace = host.workspace(node);
    await workspace.arrive(blob.name);
    const value = workspace.get(blob.name);
    if (typeof value === "number") metrics[key] = value;
  }
  return metrics;
}

/** How many bytes of blobs a save writes. */
export function newBytes(nodes: SaveRequest["nodes"]): number {
  let sum = 0;
  for (const blob of Object.values(nodes).flatMap((blobs) => Object.values(blobs))) {
    if (!("encoded" in blob)) continue;
    const there = blob.known?.reduce((sum, block) => sum + (block?.length ?? 0), 0) ?? 0;
    sum += blob.encoded.byteLength - there;
  }
  return sum;
}

/** Whether a save is made of the blobs themselves, at least in part, so that no task may run meanwhile. */
export function isOfBlobs(nodes: SaveRequest["nodes"]): boolean {
  return Object.values(nodes).flatMap((blobs) => Object.values(blobs)).some((blob) =>
    "encoded" in blob && blob.known === undefined && blob.encoded.byteLength > INLINE_BYTES
  );
}

const written = new WeakMap<Program, ReadonlyMap<string, readonly string[]>>();

/** The saved blobs of a job that its epochs may write, by node; it is asked in each epoch. */
export function writtenByEpochs(program: Program): ReadonlyMap<string, readonly string[]> {
  const known = written.get(program);
  if (known !== undefined) return known;
  const accesses = program.groups.epoch.steps.flatMap(({ writes }) => writes);
  const keys = new Set(accesses.map(({ node, blob }) => `${node}/${blob.name}`));
  const found = new Map<string, string[]>();
  for (const { node, blob: { name } } of program.saved) {
    if (!keys.has(`${node}/${name}`)) continue;
    const names = found.get(node);
    if (names === undefined) found.set(node, [name]);
    else names.push(name);
  }
  written.set(program, found);
  return found;
}

/** Whether two lists hold the same names, in any order. */
export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().join("/") === [...b].sort().join("/");
}
