/**
 * A look for what is most likely not there.
 *
 * @module
 */
import { basename, dirname } from "@std/path";

/** To list a folder of at most so many names takes less time than to make the error of a `stat` that fails. */
const FEW_NAMES = 24;

/** Looks for what is most likely not there, by the names in its folder while those are few. */
export class Existence {
  /** The folder that had more when it was listed last. */
  #crowded: string | undefined;

  /** Takes a look that is exact, and slow where it finds nothing. */
  constructor(private readonly look: (path: string) => boolean) {}

  /** Whether there is something at a path; throws where that cannot be found out. */
  exists(path: string): boolean {
    const folder = dirname(path);
    if (folder === this.#crowded) return this.look(path);
    const wanted = basename(path);
    let names = 0;
    let isThere = false;
    try {
      for (const { name } of Deno.readDirSync(folder)) {
        names++;
        isThere ||= name === wanted;
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
    if (names > FEW_NAMES) this.#crowded = folder;
    return isThere;
  }
}
