/**
 * Takes a module apart into its statements, so that an edit can be told by what it is an edit of.
 *
 * @module
 */
import { declaredTypes } from "./declared_types.ts";
import { hashOf, isName, type Token, tokenize } from "./tokens.ts";

/** A module: hashes of its statements by what they declare, and what it imports. */
export interface ModuleText {
  /**
   * A hash by what a statement declares. What only declares tokens, tasks, groups or a job is left out,
   * since the job's own description has all that it says; so are types.
   */
  readonly statements: Readonly<Record<string, string>>;
  /** The types that it declares blobs with, by their names. */
  readonly types: ReadonlyMap<string, string>;
  /** The specifiers of what it imports. */
  readonly imports: readonly string[];
}

/** What stands for all the text of a module among its statements. */
export const TEXT = "(text)";

/** Words that begin a statement, where the line before may have ended without a semicolon. */
const BEGINS = new Set(
  ("import export const let var function async class type interface enum declare namespace " +
    "abstract await if for while do switch try throw").split(" "),
);
/** What a statement cannot end with. */
const GOES_ON = /^(?:[([{,.=?:+\-*/%&|^!~<>]|=>|\?\.|extends|implements|in|of|instanceof|as|new)$/;
const OPENS: ReadonlySet<string> = new Set(["(", "[", "{"]);
const CLOSES: ReadonlySet<string> = new Set([")", "]", "}"]);
const FOR_TYPES: readonly string[] = ["type", "interface", "declare"];
/** What only declares: all that these are told is in the job's description. */
const DECLARES: ReadonlySet<string> = new Set(
  ("blob param resource cursor codec task group sequence parallel repeat on replicate job main " +
    "previous optional from gather saved epochs when plateau drained elapsed any all not " +
    "keepLast keepEvery keepBest keepYounger keepWithin nodes migration").split(" "),
);

/** Takes the text of a module apart; `meant` says what a specifier stands for. */
export function takeApart(
  text: string,
  meant: (specifier: string) => string = (specifier) => specifier,
): ModuleText {
  const tokens = tokenize(text);
  const imports = new Set<string>();
  const own = new Set<string>();
  const found: { readonly label: string; readonly words: readonly string[] }[] = [];
  for (const words of statements(tokens)) {
    const from = words[0] === "import" || words[0] === "export" ? specifierOf(words) : undefined;
    const head = words[0] === "export" ? words[1] ?? "" : words[0] ?? "";
    if (FOR_TYPES.includes(head) || words[1] === "type" && from !== undefined) continue;
    if (from === undefined) {
      if (head === "{") continue;
      const code = words[0] === "export" ? words.slice(1) : words;
      const names = namesOf(code);
      names.forEach((name) => own.add(name));
      found.push({ label: names.slice(0, 5).join(", "), words: code });
      continue;
    }
    imports.add(from);
    for (const { local, imported } of clausesOf(words)) {
      if (DECLARES.has(local) && imported === local && !from.startsWith(".")) continue;
      own.add(local);
      const label = local === "" ? "" : `import of ${local}`;
      found.push({ label, words: [`${imported} of ${meant(from)}`] });
    }
  }
  tokens.forEach(({ text }, at) => {
    const isCall = tokens[at]?.text === "import" && tokens[at + 1]?.text === "(";
    const specifier = tokens[at + 2]?.text ?? "";
    if (text === "import" && isCall && isString(specifier)) imports.add(specifier.slice(1, -1));
  });
  const codes = new Map<string, string[]>();
  for (const { label, words } of found) {
    if (isDeclaration(words, own)) continue;
    const code = words.join(" ");
    const key = label === "" ? `a statement (${hashOf(code).slice(0, 8)})` : label;
    codes.set(key, [...codes.get(key) ?? [], code]);
  }
  const hashes = [...codes].map(([label, code]) => [label, hashOf(code.join(" ; "))]);
  const whole = hashOf(tokens.map((token) => token.text).join(" "));
  return {
    statements: { ...Object.fromEntries(hashes), [TEXT]: whole },
    types: own.has("blob") ? new Map() : declaredTypes(tokens),
    imports: [...imports],
  };
}

function* statements(tokens: readonly Token[]): Generator<readonly string[]> {
  let depth = 0;
  let words: string[] = [];
  for (const { text, isFirst } of tokens) {
    const isNext = depth === 0 && isFirst && BEGINS.has(text) && !GOES_ON.test(words.at(-1) ?? ";");
    const isEnd = text === ";" && depth === 0;
    if (isNext || isEnd) {
      if (words.length > 0) yield words;
      words = [];
    }
    if (OPENS.has(text)) depth++;
    else if (CLOSES.has(text)) depth--;
    if (!isEnd) words.push(text);
  }
  if (words.length > 0) yield words;
}

/** The specifier of an `import …` or an `export … from`. */
function specifierOf(words: readonly string[]): string | undefined {
  const at = words.indexOf("from", 1) + 1;
  const text = words[0] === "import" && isString(words[1] ?? "") ? words[1] : words[at];
  return at > 0 || words[0] === "import" ? text?.slice(1, -1) : undefined;
}

/** The names that an import brings, each with its name in the module that it comes from. */
function clausesOf(
  words: readonly string[],
): readonly { readonly local: string; readonly imported: string }[] {
  const end = words.indexOf("from", 1);
  if (end < 0) return [{ local: "", imported: "all" }];
  const lists: string[][] = [[]];
  for (const word of words.slice(1, end)) {
    if (word === ",") lists.push([]);
    else if (word !== "{" && word !== "}") lists.at(-1)?.push(word);
  }
  return lists.flatMap((clause) => {
    const [imported = ""] = clause;
    if (imported === "" || imported === "type" && clause.length > 1) return [];
    const isBare = words[1] === imported && words[0] === "import" && imported !== "*";
    return [{
      // Whatever another module has: it cannot be told by its names.
      local: imported === "*" && clause.length === 1 ? "" : clause.at(-1) ?? "",
      imported: isBare ? "default" : imported,
    }];
  });
}

/** The names that a statement declares. */
function namesOf(words: readonly string[]): readonly string[] {
  const [head = ""] = words;
  if (head === "default") return ["the default export"];
  if (head === "async" || head === "abstract") return namesOf(words.slice(1));
  if (["function", "class", "enum", "namespace"].includes(head)) {
    const name = words[1] === "*" ? words[2] : words[1];
    return name !== undefined && isName(name) ? [name] : [];
  }
  if (head !== "const" && head !== "let" && head !== "var") return [];
  if (words[1] === "enum") return namesOf(words.slice(1));
  const names: string[] = [];
  let depth = 0;
  let isPattern = true;
  for (const word of words.slice(1)) {
    if (OPENS.has(word)) depth++;
    else if (CLOSES.has(word)) depth--;
    else if (depth === 0 && word === ",") isPattern = true;
    else if (depth === 0 && (word === "=" || word === ":")) isPattern = false;
    else if (isPattern && isName(word)) names.push(word);
  }
  return names;
}

/**
 * Whether a statement is a call of the DSL, as in `const a = task(…).run(…)`, that calls nothing of the
 * job's `own` outside of functions: then all that it says is in the job's description.
 */
function isDeclaration(words: readonly string[], own: ReadonlySet<string>): boolean {
  const from = words[0] === "const" && words[2] === "=" ? 3 : words[0] === "default" ? 1 : 0;
  const value = words.slice(words[from] === "await" ? from + 1 : from);
  const [first = ""] = value;
  if (!DECLARES.has(first) || own.has(first)) return false;
  // The chain of calls must be all of it.
  for (let at = 1; at < value.length;) {
    if (value[at] === "<") at = behind(value, at, "<", ">");
    if (value[at] !== "(") return false;
    at = behind(value, at, "(", ")");
    if (at < value.length && (value[at] !== "." || !isName(value[at + 1] ?? ""))) return false;
    at += 2;
  }
  const outside = withoutFunctions(value, first === "job");
  return outside?.every((word, at) => {
    const isMember = outside[at - 1] === ".";
    return isMember || !own.has(word) || !/^(?:[([.`]|\?\.)/.test(outside[at + 1] ?? "");
  }) ?? false;
}

/**
 * Tokens without the bodies of functions, whose text is described by itself. The function that builds
 * a `job` is not: what it gives is, where it only gives an object.
 */
function withoutFunctions(words: readonly string[], isJob: boolean): string[] | undefined {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const last = kept.at(-1);
    const isArrow = last === "=>";
    if (isJob && isArrow && words[at] === "(" && words[at + 1] === "{") kept.push("(");
    else if (words[at] === "{" && (last === ")" || isArrow)) {
      if (isJob) return undefined;
      at = behind(words, at, "{", "}") - 1;
      kept.push("body");
    } else if (isArrow) {
      for (let depth = 0; at < words.length; at++) {
        const word = words[at] ?? "";
        if (depth === 0 && (word === "," || CLOSES.has(word))) break;
        if (OPENS.has(word)) depth++;
        else if (CLOSES.has(word)) depth--;
      }
      at--;
      kept.push("body");
    } else kept.push(words[at] ?? "");
  }
  return kept;
}

/** The place behind what closes what opens here. */
function behind(words: readonly string[], open: number, opens: string, closes: string): number {
  let depth = 0;
  for (let at = open; at < words.length; at++) {
    if (words[at] === opens) depth++;
    else if (words[at] === closes && --depth === 0) return at + 1;
  }
  return words.length;
}

function isString(word: string): boolean {
  return /^["']/.test(word);
}
