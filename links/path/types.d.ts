/** A path taken apart, as `parse` gives it. */
export interface ParsedPath {
  /** The root of the path, such as `/`. */
  root: string;
  /** The full folder part of the path. */
  dir: string;
  /** The last part of the path, with its extension. */
  base: string;
  /** The extension with its dot, or an empty string. */
  ext: string;
  /** The last part of the path, without its extension. */
  name: string;
}

/** How a glob is turned into a regular expression. */
export interface GlobOptions {
  /** Whether extended patterns such as `@(a|b)` have a meaning. */
  extended?: boolean;
  /** Whether `**` matches any number of folders. */
  globstar?: boolean;
  /** Whether letters match in either case. */
  caseInsensitive?: boolean;
}

/** The character between entries of a `PATH` list. */
export const DELIMITER: ":" | ";";
/** The character between the parts of a path. */
export const SEPARATOR: "/" | "\\";
/** Matches one or more separators. */
export const SEPARATOR_PATTERN: RegExp;
/** The last part of a path, without the given suffix. */
export function basename(path: string | URL, suffix?: string): string;
/** The folder that all of the paths share. */
export function common(paths: string[]): string;
/** The folder part of a path. */
export function dirname(path: string | URL): string;
/** The extension of a path, with its dot. */
export function extname(path: string | URL): string;
/** The path that the parts make. */
export function format(pathObject: Partial<ParsedPath>): string;
/** The path of a `file:` URL. */
export function fromFileUrl(url: string | URL): string;
/** The regular expression that matches what a glob matches. */
export function globToRegExp(glob: string, options?: GlobOptions): RegExp;
/** Whether a path starts at the root. */
export function isAbsolute(path: string): boolean;
/** Whether a string has a glob's characters. */
export function isGlob(str: string): boolean;
/** The parts joined by separators, and normalized. */
export function join(path: string | URL, ...paths: string[]): string;
/** The globs joined by separators, and normalized. */
export function joinGlobs(globs: string[], options?: GlobOptions): string;
/** The path without `.`, `..` and doubled separators, where they can be resolved. */
export function normalize(path: string | URL): string;
/** The glob without `.`, `..` and doubled separators, where they can be resolved. */
export function normalizeGlob(glob: string, options?: GlobOptions): string;
/** The path taken apart. */
export function parse(path: string): ParsedPath;
/** The path that leads from one folder to another. */
export function relative(from: string, to: string): string;
/** The absolute path that the segments, read from the working folder, lead to. */
export function resolve(...pathSegments: string[]): string;
/** The `file:` URL of an absolute path. */
export function toFileUrl(path: string): URL;
/** The path in Windows' namespaced form; on other systems the path itself. */
export function toNamespacedPath(path: string): string;
