/**
 * Where a job's checkpoints lie.
 *
 * @module
 */
import { dirname, fromFileUrl, isAbsolute, join, resolve } from "@std/path";

/** A place and its kind, as checkpoint managers take them. */
export interface Place {
  /** The place: the folder of the job's checkpoints. */
  readonly db: string;
  /** The kind of store. */
  readonly dbType: string;
}

/**
 * The place of a job's checkpoints under a plan's `to`: the folder of the job's name there.
 *
 * A relative path starts at the folder of `base`, the job's file; without one, at the working folder.
 *
 * @throws {RangeError} Where `to` has no kind.
 */
export function placeOf(to: string, job: string, base?: string): Place {
  const match = /^([a-z0-9]+):(.+)$/s.exec(to);
  if (match === null) {
    throw new RangeError(
      `Cannot parse place "${to}": write a kind and a path, as in "file:checkpoints"`,
    );
  }
  const [, dbType = "", path = ""] = match;
  if (dbType !== "file") return { dbType, db: `${path}/${job}` };
  if (isAbsolute(path) || base === undefined) return { dbType, db: join(path, job) };
  const folder = base.startsWith("file:") ? dirname(fromFileUrl(base)) : base;
  return { dbType, db: join(resolveWithin(folder, path), job) };
}

/** Without `resolve`, which reads the working folder and so needs a permission. */
function resolveWithin(folder: string, path: string): string {
  return isAbsolute(folder) ? resolve(folder, path) : join(folder, path);
}
