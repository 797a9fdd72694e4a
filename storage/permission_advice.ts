/**
 * What to permit a program that may not use a folder.
 *
 * @module
 */
import { dirname, fromFileUrl, resolve, SEPARATOR } from "@std/path";

/** What a program must be permitted. */
export interface PermissionAdvice {
  /** The flag for what it was denied. */
  readonly flag: string;
  /** All flags that it needs, in words. */
  readonly words: string;
}

/**
 * What would permit reading, or writing, a store's folder, and making it.
 *
 * @param missing A folder on the way that is known not to be there, though nobody may look.
 */
export function permissionAdvice(
  kind: "read" | "write",
  root: string,
  missing?: string,
): PermissionAdvice {
  const path = folderToPermit(root, missing);
  const lacks = (name: "read" | "write") =>
    Deno.permissions.querySync({ name, path }).state !== "granted";
  const [read, write] = [`--allow-read=${path}`, `--allow-write=${path}`];
  if (kind === "read") {
    return { flag: read, words: lacks("write") ? `${read}, and ${write} to save there` : read };
  }
  return { flag: write, words: lacks("read") ? `${read} ${write}` : write };
}

/**
 * The folder that a program must be permitted so that it can make one: the first on the way that is not there.
 * Where nobody may look, it is the first below what is known to be there, or the one right above.
 */
function folderToPermit(root: string, missing: string | undefined): string {
  const anchors = knownFolders();
  for (let path = root;;) {
    const above = dirname(path);
    const isTop = dirname(above) === above;
    if (isTop || anchors.some((folder) => isIn(folder, above))) return path;
    const found = above === missing ? false : isThere(above);
    if (found === true) return path;
    const isBelow = anchors.some((folder) => isIn(above, folder));
    if (found === undefined && !isBelow) return path === root ? above : path;
    path = above;
  }
}

/** Folders that are there without a look: where the program was started, and where its file lies. */
function knownFolders(): readonly string[] {
  const main = Deno.mainModule;
  const own = main.startsWith("file:") ? [dirname(fromFileUrl(main))] : [];
  return [Deno.cwd(), ...own].filter((folder) => dirname(folder) !== folder);
}

/** Whether a path is a folder, or lies in it. */
function isIn(path: string, folder: string): boolean {
  const [whole, around] = [resolve(path), resolve(folder)];
  return whole === around || whole.startsWith(around + SEPARATOR);
}

/** Whether something is there; `undefined` where nobody may look. */
function isThere(path: string): boolean | undefined {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? false : undefined;
  }
}
