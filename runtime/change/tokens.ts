/**
 * Reads the text of code as tokens, so that what only looks different is the same.
 *
 * @module
 */
import { createHash } from "node:crypto";

const SPACE = /\s+/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|#![^\n]*/y;
const STRING = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
/** A text whose quotes a formatter may choose. */
const SINGLE = /^'([^'"\\]*)'$/;
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$]*/uy;
const NUMBER = /\.?\d[\w.]*/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const PUNCTUATION = /=>|\.\.\.|\+\+|--|\?\.|[\s\S]/y;

/** After these a line end ends the statement. */
const RESTRICTED = new Set(["return", "break", "continue", "throw", "yield", "async"]);
/** After these words a slash begins a regular expression. */
const BEFORE_REGEX = /^(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/;
/** The most templates that are looked into inside each other. */
const MOST_NESTED = 100;
/** Behind these no operator stands: `|` or `&` there begins a type that was laid out on several lines. */
const BEFORE_TYPE: ReadonlySet<string> = new Set(["(", "[", "{", "<", ",", ":", "=", "=>", "?"]);
const HEADS = new Set(["if", "while", "for", "with"]);

/** A token, and whether a line ended before it. */
export interface Token {
  /** Its text; a template literal with all that is inside it is one token. */
  readonly text: string;
  /** Whether a line ended before it. */
  readonly isFirst: boolean;
}

/**
 * The tokens of JavaScript or TypeScript, without comments, and without what a formatter may put or leave:
 * commas before closing brackets, a semicolon before `}`, the first `|` of a type, and which quotes a text has.
 *
 * A line end that has a meaning (after `return`, say) is a token `"\n"`. What is not well formed
 * gives some tokens too: they are compared, and never run.
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  // For each open parenthesis, whether it is that of an `if`, a `while` or the like.
  const heads: boolean[] = [];
  let isHead = false;
  let isFirst = true;
  for (let at = 0; at < text.length;) {
    const skipped = match(SPACE, text, at) ?? match(COMMENT, text, at);
    if (skipped !== undefined) {
      isFirst ||= skipped.includes("\n");
      at += skipped.length;
      continue;
    }
    const last = tokens.at(-1)?.text ?? "";
    const found: string = text[at] === "`"
      ? text.slice(at, endOfTemplate(text, at))
      : match(STRING, text, at) ?? match(WORD, text, at) ?? match(NUMBER, text, at) ??
        (mayBeRegex(last, isHead) ? match(REGEX, text, at) : undefined) ??
        match(PUNCTUATION, text, at) ?? "";
    at += Math.max(1, found.length);
    if ((found === "|" || found === "&") && BEFORE_TYPE.has(last)) continue;
    if (found === "(") heads.push(HEADS.has(last));
    isHead = found === ")" && heads.pop() === true;
    const isClosing = /^[)\]}>]$/.test(found);
    const isTrailing = isClosing && last === "," && !isHole(tokens.at(-2)?.text);
    if (isTrailing) tokens.pop();
    while (found === "}" && tokens.at(-1)?.text === ";") tokens.pop();
    const isMeant = isFirst && (RESTRICTED.has(last) || found === "++" || found === "--");
    if (isMeant) tokens.push({ text: "\n", isFirst: false });
    tokens.push({ text: found.replace(SINGLE, '"$1"'), isFirst });
    isFirst = false;
  }
  return tokens;
}

/** Code as one line that is the same however it was laid out and commented. */
export function plainCode(text: string): string {
  return tokenize(text).map((token) => token.text).join(" ");
}

/** What stands for a text in a description: the first half of its SHA-256, in hexadecimal. */
export function hashOf(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Whether a token is a name or a keyword. */
export function isName(text: string): boolean {
  return /^[\p{ID_Start}$_]/u.test(text);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function mayBeRegex(last: string, isHead: boolean): boolean {
  if (last === "" || last === "\n" || last === "}" || isHead) return true;
  if (isName(last)) return BEFORE_REGEX.test(last);
  return !/^[)\]"'`\d]|^\.\d|^\+\+$|^--$/.test(last);
}

/** `[a,,]` has one more hole than `[a,]`. */
function isHole(before: string | undefined): boolean {
  return before === "," || before === "[" || before === undefined;
}

/** Where a template literal ends that begins here; the text's end, where it does not. */
function endOfTemplate(text: string, start: number, depth: number = 0): number {
  // No code is nested like this.
  if (depth > MOST_NESTED) return text.length;
  let at = start + 1;
  while (at < text.length) {
    if (text[at] === "\\") at += 2;
    else if (text[at] === "`") return at + 1;
    else if (text.startsWith("${", at)) at = endOfHole(text, at + 2, depth);
    else at++;
  }
  return text.length;
}

function endOfHole(text: string, start: number, nested: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const string = match(STRING, text, at) ?? match(COMMENT, text, at);
    if (string !== undefined) at += string.length;
    else if (text[at] === "`") at = endOfTemplate(text, at, nested + 1);
    else if (text[at] === "}" && depth-- === 0) return at + 1;
    else if (text[at++] === "{") depth++;
  }
  return text.length;
}
