/**
 * The parts of a plan in words.
 *
 * @module
 */
import { accessKey } from "../../dsl/access.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import type { PlacedStep } from "../../dsl/layout.ts";
import type { AnyToken, Keep } from "../../dsl/mod.ts";
import type { PlacedBlob, Program, SaveEvery } from "../program.ts";
import { formatDuration } from "../../dsl/mod.ts";

/** What is best, by a metric's direction. */
export const LEVELS = { max: "highest", min: "lowest" } as const;

/** A rule for keeping. */
export function describeKeep(keep: Keep): string {
  switch (keep.keep) {
    case "last":
      return `the last ${keep.count}`;
    case "every":
      return `every ${keep.epochs} epochs`;
    case "younger":
      return `younger than ${keep.than}`;
    case "interval":
      return `one every ${keep.duration}`;
    case "within":
      return `the newest within ${keep.size}`;
    case "best": {
      const { blob, direction } = metricOf(keep.by);
      return `the best ${keep.count} by the ${LEVELS[direction]} ${blob.name}`;
    }
  }
}

/** How often epochs are saved. */
export function describeEvery(every: SaveEvery): string {
  if ("ms" in every) return `once ${formatDuration(every.ms)} have passed`;
  return every.epochs === 1 ? "after each epoch" : `every ${every.epochs} epochs`;
}

/** A token, as a task names it among what it reads. */
export function describeToken(token: AnyToken): string {
  switch (token.kind) {
    case "blob":
      return token.name;
    case "param":
    case "resource":
    case "cursor":
      return `${token.kind} ${token.name}`;
    case "from":
      return `${token.node}/${token.blob.name}`;
    case "gather":
      return `${token.blob.name} of ${token.nodes.join(", ")}`;
    case "previous":
      return `${token.blob.name} from before the group`;
    case "optional":
      return `${token.blob.name} if set`;
    case "saved":
      return `saved ${token.blob.name}`;
  }
}

/** What a step waits for; behind a barrier, what the barrier waits for. */
export function waitsOf(step: PlacedStep, all: readonly PlacedStep[]): string[] {
  const ids = new Set<string>();
  const seen = new Set<number>();
  const queue = [...step.dependsOn];
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    const before = all[index];
    if (before === undefined || seen.has(index)) continue;
    seen.add(index);
    if (before.kind === "barrier") queue.push(...before.dependsOn);
    else ids.add(before.id);
  }
  return [...ids].sort();
}

/** What is saved of each node, and what is not, with the reason. */
export function describeBlobs(program: Program): string[] {
  const { blobs, saved, nodes } = program;
  const several = nodes.length > 1;
  const listOf = (found: readonly PlacedBlob[], words: (blob: PlacedBlob) => string): string =>
    found.map(words).join(", ");
  const lines = nodes.flatMap((node) => {
    const own = saved.filter((blob) => blob.node === node);
    const names = own.length === 0 ? "nothing" : listOf(own, ({ blob }) => blob.name);
    return [`saved${several ? ` of ${node}` : ""}: ${names}`];
  });
  const left = blobs.filter((blob) => !saved.includes(blob));
  if (left.length === 0) return lines;
  const why = listOf(left, (placed) => {
    const { scratch, derived } = placed.blob;
    const reason = scratch ? "scratch" : derived ? "derived" : "excluded";
    return `${several ? accessKey(placed) : placed.blob.name} (${reason})`;
  });
  return [...lines, `not saved: ${why}`];
}
