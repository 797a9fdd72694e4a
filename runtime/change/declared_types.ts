/**
 * Reads from a module's text which types its blobs are declared with, as `blob<Float64Array>("weights")`
 * says it: nothing is left of that when it runs.
 *
 * @module
 */
import { isName, type Token } from "./tokens.ts";

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "<": ">" };
/** Behind these, or before them, a line end within `{ … }` ends no member. */
const GOES_ON: ReadonlySet<string> = new Set(["{", ";", ",", ":", "|", "&", "=>", "=", "?", "."]);

/** The type of each blob of a module, the same however it is laid out; none of a name with several. */
export function declaredTypes(tokens: readonly Token[]): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  const others = new Set<string>();
  tokens.forEach(({ text }, at) => {
    if (text !== "blob" || tokens[at - 1]?.text === "." || tokens[at + 1]?.text !== "<") return;
    const end = closing(tokens, at + 1);
    const [open, name] = [tokens[end + 1]?.text, tokens[end + 2]?.text ?? ""];
    if (open !== "(" || !/^["'][^\\]*["']$/.test(name)) return;
    const blob = name.slice(1, -1);
    const type = typeText(tokens.slice(at + 2, end));
    if ((types.get(blob) ?? type) !== type) others.add(blob);
    types.set(blob, type);
  });
  for (const blob of others) types.delete(blob);
  return types;
}

/** Where the bracket closes that opens here; the text's end, where it does not. */
function closing(tokens: readonly Token[], open: number): number {
  const waiting: string[] = [];
  for (let at = open; at < tokens.length; at++) {
    const text = tokens[at]?.text ?? "";
    const closes = CLOSING[text];
    if (closes !== undefined) waiting.push(closes);
    else if (text === waiting.at(-1) && waiting.pop() !== undefined && waiting.length === 0) {
      return at;
    }
  }
  return tokens.length;
}

/** A type as a person would write it on one line, with what a formatter may choose chosen. */
function typeText(tokens: readonly Token[]): string {
  const words: string[] = [];
  const inside: string[] = [];
  for (const { text, isFirst } of tokens) {
    const last = words.at(-1) ?? "{";
    const isMembers = inside.at(-1) === "{";
    const isEnd = isMembers && isFirst && text !== "}" && !GOES_ON.has(last) && !GOES_ON.has(text);
    if (isEnd) words.push(";");
    if (CLOSING[text] !== undefined) inside.push(text);
    else if (CLOSING[inside.at(-1) ?? ""] === text) {
      inside.pop();
      if ([";", ","].includes(last)) words.pop();
    }
    words.push(isMembers && text === "," ? ";" : text);
  }
  if (words.at(-1) === ",") words.pop();
  return words.reduce((line, word) => `${line}${isApart(line, word) ? " " : ""}${word}`, "");
}

function isApart(line: string, word: string): boolean {
  const last = line.at(-1) ?? "";
  if (/^(?:[|&={}]|=>)$/.test(word)) return line !== "";
  return /[,;:|&={]$|=>$/.test(line) || isName(word) && /[\p{ID_Continue}$"]/u.test(last);
}
