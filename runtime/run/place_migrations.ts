/**
 * Finds on which nodes a migration runs.
 *
 * @module
 */
import type { AnyBlob, Migration, Reads, Writes } from "../../dsl/mod.ts";
import type { BlobEntry } from "../../storage/mod.ts";

/** What a node has and wants. */
export interface NodeBlobs {
  /** What a state says of it, by name. */
  readonly saved: Readonly<Record<string, BlobEntry>>;
  /** The names that the job has there. */
  readonly job: ReadonlySet<string>;
  /** Those that are wanted of it beside. */
  readonly besides?: readonly string[];
}

/** What a state says of migrations. */
export interface Told {
  /** Whether it has gone through one. */
  readonly isDone: (name: string) => boolean;
  /** Whether that is so as a person says it, whatever the state holds. */
  readonly isSaid: (name: string) => boolean;
}

/** What becomes of a node. */
export interface NodeMigrations {
  /** Those that it goes through, in turn. */
  readonly runs: readonly Migration[];
  /** Those that the state has gone through by what it says, and may not have by what the node has. */
  readonly unclear: readonly Migration[];
}

/**
 * Those of the migrations that a node goes through: of those that come of anything that was saved of it, or
 * of nothing, the ones whose blobs are wanted in the end, by the job or by later ones.
 *
 * A state may say that it has gone through one and hold, on a node, what that alone reads, and nothing of
 * what it writes: the job was run there without it since, and it is applied. Where only some of that is
 * so, nobody can tell.
 */
export function migrationsAt(
  migrations: readonly Migration[],
  { isDone, isSaid }: Told,
  { saved, job, besides = [] }: NodeBlobs,
): NodeMigrations {
  const entries = Object.entries(saved);
  const ofSaved = new Set(entries.flatMap(([name, entry]) => "absent" in entry ? [] : [name]));
  const ofNothing = new Set<string>();
  const possible = new Set<Migration>();
  const unclear: Migration[] = [];
  const wanted = new Set([...job, ...besides]);
  for (const migration of migrations) {
    const { reads, writes } = namesOf(migration);
    const isOfSaved = reads.some((name) => ofSaved.has(name));
    if (isDone(migration.name)) {
      const isLeft = reads.some((name) => ofSaved.has(name) && !wanted.has(name));
      const lacking = writes.filter((name) => !Object.hasOwn(saved, name) && wanted.has(name));
      if (isSaid(migration.name) || !isLeft) continue;
      const isUndone = reads.every((name) => ofSaved.has(name)) &&
        writes.every((name) => !Object.hasOwn(saved, name));
      if (!isUndone && lacking.length > 0) unclear.push(migration);
      if (!isUndone) continue;
    } else if (!isOfSaved && !reads.every((name) => ofNothing.has(name))) continue;
    possible.add(migration);
    for (const name of writes) (isOfSaved ? ofSaved : ofNothing).add(name);
  }
  const { makes } = migrationsBehind(migrations.filter((one) => possible.has(one)), wanted);
  return { runs: makes, unclear };
}

/** Those that some blobs come out of, in turn, and which saved ones they read, or the blobs are themselves. */
export function migrationsBehind(
  migrations: readonly Migration[],
  wanted: Iterable<string>,
): { readonly makes: readonly Migration[]; readonly reads: ReadonlySet<string> } {
  const needed = new Set(wanted);
  const found = migrations.toReversed().filter((migration) => {
    const { reads, writes } = namesOf(migration);
    if (!writes.some((name) => needed.has(name))) return false;
    for (const name of writes) needed.delete(name);
    for (const name of reads) needed.add(name);
    return true;
  });
  return { makes: found.toReversed(), reads: needed };
}

/** The blobs of a declaration. */
export function blobsOf(tokens: Reads | Writes): readonly AnyBlob[] {
  return Object.values(tokens) as readonly AnyBlob[];
}

/** The names of what a migration reads and writes. */
export function namesOf(
  { task: { declaration } }: Migration,
): { readonly reads: readonly string[]; readonly writes: readonly string[] } {
  const names = (tokens: Reads | Writes) => blobsOf(tokens).map(({ name }) => name);
  return { reads: names(declaration.reads), writes: names(declaration.writes) };
}
