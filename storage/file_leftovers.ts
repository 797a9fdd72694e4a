/**
 * The temporary files that killed writes have left in a `file:` store.
 *
 * @module
 */
import { InvalidNameError } from "./errors.ts";
import { type FilePlace, ignoring } from "./file_place.ts";
import type { FileSystem } from "./file_system.ts";
import { isName } from "./names.ts";
import { Pace } from "./pace.ts";

const TEMPORARY = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;
/** Folders lie no deeper in a job's folder. */
const MOST_DEPTH = 3;

/** The names of all temporary files, sorted; no link is followed. */
export async function leftTemporaries(
  fileSystem: FileSystem,
  place: FilePlace,
): Promise<string[]> {
  const found: string[] = [];
  const pace = new Pace();
  const walk = async (folder: readonly string[]): Promise<void> => {
    if (!await place.check(folder)) return;
    let names: string[] = [];
    // There may be no folder yet, and nothing in it then.
    await ignoring(Deno.errors.NotFound, async () => {
      names = await fileSystem.list(place.path(folder));
    });
    for (const name of names) {
      await pace.turn();
      if (TEMPORARY.test(name)) found.push([...folder, name].join("/"));
      else if (folder.length < MOST_DEPTH && isName(name)) {
        const inner = [...folder, name];
        if ((await fileSystem.stat(place.path(inner)))?.kind === "folder") await walk(inner);
      }
    }
  };
  await walk([]);
  return found.sort();
}

/**
 * Checks that a name is that of a temporary file, and gives its parts.
 *
 * @throws {InvalidNameError} Where it is not.
 */
export function checkLeftover(name: string): readonly string[] {
  const parts = name.split("/");
  const isOne = TEMPORARY.test(parts.at(-1) ?? "") && parts.length <= MOST_DEPTH + 1 &&
    parts.slice(0, -1).every(isName);
  if (isOne) return parts;
  throw new InvalidNameError(name, "it is not that of a temporary file");
}
