/**
 * Finds on which nodes a migration runs.
 *
 * @module
 */
import type { AnyBlob, Migration, Reads, Writes } from "../../dsl/mod.ts";

/** What a node has and wants, by name. */
export interface NodeBlobs {
  /** What was saved of it. */
  readonly saved: Iterable<string>;
  /** What is wanted of it in the end. */
  readonly wanted: Iterable<string>;
}

/**
 * Those of the migrations that a node goes through, in turn: all that come of anything that was saved of
 * it, and of those that make something of nothing the ones whose blobs are wanted, by them too.
 */
export function migrationsAt(
  migrations: readonly Migration[],
  { saved, wanted }: NodeBlobs,
): readonly Migration[] {
  const ofSaved = new Set(saved);
  const ofNothing = new Set<string>();
  const comesOfSaved = new Set<Migration>();
  const comesOfNothing = new Set<Migration>();
  for (const migration of migrations) {
    const { reads, writes } = namesOf(migration);
    const isOfSaved = reads.some((name) => ofSaved.has(name));
    if (!isOfSaved && !reads.every((name) => ofNothing.has(name))) continue;
    (isOfSaved ? comesOfSaved : comesOfNothing).add(migration);
    for (const name of writes) (isOfSaved ? ofSaved : ofNothing).add(name);
  }
  const needed = new Set(wanted);
  const found = migrations.toReversed().filter((migration) => {
    const { reads, writes } = namesOf(migration);
    const isNeeded = comesOfNothing.has(migration) && writes.some((name) => needed.has(name));
    if (!comesOfSaved.has(migration) && !isNeeded) return false;
    for (const name of writes) needed.delete(name);
    for (const name of reads) needed.add(name);
    return true;
  });
  return found.toReversed();
}

/** Those that a blob comes out of, in turn, and which saved ones they read, or it is itself. */
export function migrationsBehind(
  migrations: readonly Migration[],
  name: string,
): { readonly makes: readonly Migration[]; readonly reads: ReadonlySet<string> } {
  const needed = new Set([name]);
  const found = migrations.toReversed().filter((migration) => {
    const { reads, writes } = namesOf(migration);
    if (!writes.some((written) => needed.has(written))) return false;
    for (const written of writes) needed.delete(written);
    for (const read of reads) needed.add(read);
    return true;
  });
  return { makes: found.toReversed(), reads: needed };
}

/** The blobs of a declaration. */
export function blobsOf(tokens: Reads | Writes): readonly AnyBlob[] {
  return Object.values(tokens) as readonly AnyBlob[];
}

function namesOf(
  { task: { declaration } }: Migration,
): { readonly reads: readonly string[]; readonly writes: readonly string[] } {
  const names = (tokens: Reads | Writes) => blobsOf(tokens).map(({ name }) => name);
  return { reads: names(declaration.reads), writes: names(declaration.writes) };
}
