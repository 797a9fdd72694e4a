/**
 * What is said where a migration is not applied.
 *
 * @module
 */
import { MigrationError } from "./errors.ts";

/** A migration failed on what a node has. */
export function migrationFailed(
  migration: string,
  node: string,
  epoch: number,
  cause: unknown,
): MigrationError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message =
    `Migration "${migration}" failed on node "${node}" of epoch ${epoch}: ${why}. What is saved stays as ` +
    `it was: mend it, and run the job again`;
  return new MigrationError(migration, node, epoch, message, { cause });
}

/** Nobody can tell whether a state has gone through migrations that would be applied to it. */
export function migrationsUnknown(
  names: readonly string[],
  { epoch, attempt }: { readonly epoch: number; readonly attempt: number },
  { why, cause }: { readonly why: string; readonly cause?: unknown },
): MigrationError {
  const quoted = names.map((name) => `"${name}"`).join(", ");
  const what = names.length === 1 ? `migration ${quoted}` : `migrations ${quoted}`;
  const message =
    `Nobody can tell whether epoch ${epoch}@a${attempt} has gone through ${what}: ${why}. Nothing was ` +
    `tried or changed. Look at what the epoch holds, or at what the job was then, and say which it has ` +
    `gone through: --migrated ${
      names.join(",")
    } if so, --migrated none if through none (migrated in a ` +
    `script). What is named is not applied again, and later epochs remember it`;
  return new MigrationError(names[0] ?? "", "every", epoch, message, { cause });
}
