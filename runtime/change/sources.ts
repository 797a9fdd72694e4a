/**
 * Reads a job's own modules and its lock file, as far as they may be read without a question.
 *
 * @module
 */
import { takeApart } from "./statements.ts";
import { hashOf } from "./tokens.ts";

/** The most modules that are read. */
const MOST_MODULES = 1000;
/** The largest file that is read. */
const MOST_BYTES = 8 * 1024 * 1024;
/** The largest that is taken apart; of a larger one only its bytes count. */
const MOST_CODE_BYTES = 1024 * 1024;
/** The most folders above the job's that are looked through for a lock file. */
const MOST_FOLDERS = 32;
/** Why a file is not seen. */
const FORBIDDEN = "no --allow-read";
/** How the module that a program begins with is named, so that it may be renamed. */
const MAIN = "the job's file";
/** What is taken apart; in others, `//` may be no comment. */
const IS_CODE = /\.[cm]?[jt]s$/;
const IS_LOCAL = /^(?:\.\.?\/|\/|file:)/;

/** What a job is written in, as parts of its description. */
export interface Sources {
  /** Hashes of statements, by module. */
  readonly modules: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The types that blobs are declared with, by their names; none of a name with several. */
  readonly types: ReadonlyMap<string, string>;
  /** A hash of the lock file, where there is one. */
  readonly locks: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What could not be seen. */
  readonly unseen: readonly string[];
}

/** Reads the job's file, what it imports from beside it, and the lock file above it. */
export function readSources(base: string | undefined): Sources {
  const file = fileUrl(base);
  if (file === undefined) {
    return {
      modules: {},
      types: new Map(),
      locks: {},
      unseen: ["the job's modules and deno.lock (no base is given)"],
    };
  }
  const folder = new URL("./", file);
  const { modules, types, unread } = readModules(file, folder);
  const lock = readLock(folder);
  const unseen = [
    ...unread.map((name) => ({ name, why: mayRead(file) ? "cannot be read" : FORBIDDEN })),
    ...lock === "unseen" ? [{ name: "deno.lock", why: FORBIDDEN }] : [],
  ];
  return {
    ...{ modules, types },
    locks: lock === "unseen" || lock === undefined ? {} : { "deno.lock": { hash: lock } },
    unseen: [...Map.groupBy(unseen, ({ why }) => why)].map(([why, files]) =>
      `${files.map(({ name }) => name).join(" and ")} (${why})`
    ),
  };
}

function fileUrl(base: string | undefined): URL | undefined {
  const isFile = base !== undefined && URL.canParse(base) && new URL(base).protocol === "file:";
  return isFile && !base.endsWith("/") ? new URL(base) : undefined;
}

function readModules(
  file: URL,
  folder: URL,
): Pick<Sources, "modules" | "types"> & { readonly unread: readonly string[] } {
  const types = new Map<string, string>();
  const modules = new Map<string, Readonly<Record<string, string>>>();
  const unread: string[] = [];
  const nameOf = (url: URL): string => url.href === file.href ? MAIN : nameFrom(folder, url);
  const seen = new Set<string>();
  const queue = [file];
  for (let url = queue.shift(); url !== undefined; url = queue.shift()) {
    if (seen.has(url.pathname) || isTidemark(url)) continue;
    seen.add(url.pathname);
    const data = seen.size > MOST_MODULES ? undefined : readFile(url);
    if (data === undefined) {
      unread.push(nameFrom(folder, url));
      continue;
    }
    const isCode = IS_CODE.test(url.pathname) && data.byteLength <= MOST_CODE_BYTES;
    const { statements, types: own, imports } = isCode
      ? takeApart(new TextDecoder().decode(data), (specifier) => {
        const meant = resolve(specifier, url);
        if (meant?.protocol !== "file:") return meant?.href ?? specifier;
        return isOwn(meant) ? nameOf(meant) : specifier;
      })
      : { statements: { "the text": hashOf(data) }, types: new Map<string, string>(), imports: [] };
    for (const [blob, type] of own) {
      types.set(blob, (types.get(blob) ?? type) === type ? type : "");
    }
    modules.set(nameOf(url), statements);
    for (const specifier of imports) {
      const meant = resolve(specifier, url);
      if (meant !== undefined && isOwn(meant)) queue.push(meant);
    }
  }
  const others = unread.length < 2 ? "" : ` and ${unread.length - 1} other modules`;
  const first = modules.size === 0 ? " and what it imports" : others;
  return {
    modules: Object.fromEntries(modules),
    types: new Map([...types].filter(([, type]) => type !== "")),
    unread: unread.length === 0 ? [] : [`${unread[0]}${first}`],
  };
}

/** What a specifier means, by the program's import map too. */
function resolve(specifier: string, from: URL): URL | undefined {
  try {
    return IS_LOCAL.test(specifier)
      ? new URL(specifier, from)
      : new URL(import.meta.resolve(specifier));
  } catch {
    return undefined;
  }
}

/** Whether a module is a file that is no package's. */
function isOwn(url: URL): boolean {
  return url.protocol === "file:" && !url.pathname.includes("/node_modules/");
}

/** Whether a module is one of Tidemark's, whose version is recorded. */
function isTidemark({ href }: URL): boolean {
  const root = new URL("../../", import.meta.url).href;
  return href === `${root}mod.ts` ||
    ["dsl", "runtime", "storage", "links"].some((part) => href.startsWith(`${root}${part}/`));
}

function readLock(folder: URL): string | "unseen" | undefined {
  for (let above = folder, depth = 0; depth < MOST_FOLDERS; depth++) {
    const url = new URL("deno.lock", above);
    if (!mayRead(url)) return "unseen";
    const data = readFile(url);
    if (data !== undefined) return hashOf(data);
    const next = new URL("../", above);
    if (next.href === above.href) return undefined;
    above = next;
  }
  return undefined;
}

/** A file's bytes, where they may be read without a question, and are there. */
function readFile(url: URL): Uint8Array | undefined {
  if (!mayRead(url)) return undefined;
  try {
    return Deno.statSync(url).size > MOST_BYTES ? undefined : Deno.readFileSync(url);
  } catch {
    return undefined;
  }
}

function mayRead(path: URL): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** A path from one folder, with `/` on every system, so that it is the same where both are moved. */
function nameFrom(folder: URL, file: URL): string {
  const from = folder.pathname.split("/").slice(0, -1);
  const to = file.pathname.split("/");
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++;
  const up = from.slice(shared).map(() => "..");
  return decodeURIComponent([...up, ...to.slice(shared)].join("/"));
}
