/**
 * Which migrations a saved state has gone through.
 *
 * @module
 */
import { type CheckpointStore, DamagedError, type Manifest } from "../../storage/mod.ts";
import { damageText } from "./damage_text.ts";

/** Names of migrations; `null` where nobody can tell. */
export type MigratedNames = readonly string[] | null;

/** Why nobody can tell which migrations a state has gone through. */
export interface UnknownMigrated {
  /** None. */
  readonly names: null;
  /** Why, in words. */
  readonly why: string;
  /** The damage that hides it. */
  readonly cause?: unknown;
}

/** Which migrations a state has gone through, as far as anyone can tell. */
export type Migrated = { readonly names: readonly string[] } | UnknownMigrated;

/**
 * Finds out which migrations a state has gone through. One that was saved before states said so themselves
 * is taken to have gone through those of the job as the record of its attempt describes it.
 */
export async function migratedIn(store: CheckpointStore, manifest: Manifest): Promise<Migrated> {
  const { attempt, run: { migrated } } = manifest;
  if (migrated === null) {
    return { names: null, why: "it comes from a state of which nobody could tell" };
  }
  if (migrated !== undefined) return { names: migrated };
  const record = `it does not say, and the record of attempt ${attempt}, which may,`;
  try {
    const found = await store.readAttempt(attempt);
    if (found === undefined) return { names: null, why: `${record} is not there` };
    const { parts } = found.description ?? {};
    if (parts === undefined) return { names: null, why: `${record} does not either` };
    return { names: Object.keys(parts["migrations"] ?? {}) };
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return { names: null, why: `${record} is damaged: ${damageText(error)}`, cause: error };
  }
}

/** What two states together have gone through: where they differ, nobody can tell. */
export function migratedBoth(a: MigratedNames, b: MigratedNames): MigratedNames {
  if (a === null || b === null) return null;
  const isSame = a.length === b.length && a.every((name) => b.includes(name));
  return isSame ? a : null;
}
