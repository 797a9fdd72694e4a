/** One entry that {@link walk} came by. */
export interface WalkEntry extends Deno.DirEntry {
  /** The entry's path, which starts with the path that was walked. */
  path: string;
}

/** What {@link walk} gives. */
export interface WalkOptions {
  /** Whether files are given; they are by default. */
  includeFiles?: boolean;
  /** Whether folders are given; they are by default. */
  includeDirs?: boolean;
  /** Only files with one of these extensions are given; the dot may be left out. */
  exts?: string[];
  /** Paths that match one of these are neither given nor entered. */
  skip?: RegExp[];
}

/** Gives every entry under a folder, and the folder itself; symbolic links are not followed. */
export async function* walk(
  root: string,
  options: WalkOptions = {},
): AsyncIterableIterator<WalkEntry> {
  const { includeFiles = true, includeDirs = true, exts, skip = [] } = options;
  if (skip.some((pattern) => pattern.test(root))) return;
  if (includeDirs && !exts) {
    const name = root.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) ?? root;
    yield { path: root, name, isFile: false, isDirectory: true, isSymlink: false };
  }
  for await (const entry of Deno.readDir(root)) {
    const path = root.endsWith("/") ? root + entry.name : `${root}/${entry.name}`;
    if (entry.isDirectory) {
      yield* walk(path, options);
    } else if (includeFiles && !skip.some((pattern) => pattern.test(path)) && hasExt(path, exts)) {
      yield { path, ...entry };
    }
  }
}

function hasExt(path: string, exts: string[] | undefined): boolean {
  return !exts || exts.some((ext) => path.endsWith(ext.startsWith(".") ? ext : `.${ext}`));
}
