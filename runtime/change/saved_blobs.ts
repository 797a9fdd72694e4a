/**
 * Compares the blobs that a checkpoint holds with those that a job needs.
 *
 * @module
 */
import { accessKey } from "../../dsl/access.ts";
import { type BlobEntry, type JobParts, kindOfType, type Manifest } from "../../storage/mod.ts";
import { arrayKindOfTag } from "../../storage/value/type.ts";
import { initialType } from "../checkpoint/initial_type.ts";
import { wrongType } from "../checkpoint/restore.ts";
import type { PlacedBlob, Program } from "../program.ts";
import type { JobChange } from "./compare.ts";

/** What is known of a job beside what is saved. */
export interface KnownParts {
  /** What it was. */
  readonly before: JobParts | undefined;
  /** The same, where that is what it was at a start since then: what was so at that start is no news. */
  readonly started: JobParts | undefined;
  /** What it is. */
  readonly now: JobParts | undefined;
  /** The blobs that migrations make, as `node/blob`, with the migration that makes each. */
  readonly made: ReadonlyMap<string, string>;
}

/** What keeps a job from going on from a checkpoint, or is new to it. */
export function savedBlobChanges(
  program: Program,
  manifest: Manifest,
  { before, started, now, made }: KnownParts,
): readonly JobChange[] {
  const readers = firstReaders(program);
  const declared = new Set<string>();
  return program.saved.flatMap((placed): readonly JobChange[] => {
    const { node, blob } = placed;
    const entry = manifest.nodes[node]?.[blob.name];
    const name = `blob "${blob.name}" of node "${node}"`;
    const by = made.get(accessKey(placed));
    if (by !== undefined) {
      const code = started?.["migrations"]?.[by]?.["code"];
      if (code !== undefined && code === now?.["migrations"]?.[by]?.["code"]) return [];
      const why = "of what the checkpoint has";
      return [{ what: madeWords(placed, by), why, verdict: "harmless" }];
    }
    if (entry === undefined) {
      const change = lacking(name, placed, readers.get(accessKey(placed)));
      const isNews = started?.["blobs"]?.[blob.name]?.["saved"] !== "yes";
      return isNews || change.verdict !== "harmless" ? [change] : [];
    }
    const wrong = wrongType(entry, blob) ?? wrongSize(entry, placed, before);
    if (wrong === undefined) {
      const change = declaredAnew(entry, placed, before, now);
      // All nodes have it by one declaration.
      if (change === undefined || declared.has(blob.name)) return [];
      declared.add(blob.name);
      return [change];
    }
    return [{
      what: `${name} was saved as ${wrong.saved}, and the job declares ${wrong.declared}`,
      why: "a value of one type cannot stand for one of another",
      verdict: "impossible",
    }];
  });
}

/**
 * What migrations make of what is saved and is no news, as the start since then had made it so already, in
 * words.
 */
export function madeAgain(
  { saved }: Program,
  made: ReadonlyMap<string, string>,
  news: readonly JobChange[],
): readonly string[] {
  const told = new Set(news.map(({ what }) => what));
  return saved.flatMap((placed) => {
    const by = made.get(accessKey(placed));
    const what = by === undefined ? undefined : madeWords(placed, by);
    return what === undefined || told.has(what)
      ? []
      : [`${what} of what the checkpoint has, again`];
  });
}

function madeWords({ node, blob }: PlacedBlob, by: string): string {
  return `blob "${blob.name}" of node "${node}" is made by migration "${by}"`;
}

function lacking(name: string, { blob }: PlacedBlob, reader: string | undefined): JobChange {
  const what = `${name} is not in the checkpoint`;
  if (blob.initial !== undefined) {
    return { what, why: "it has its initial value", verdict: "harmless" };
  }
  return reader === undefined
    ? { what, why: "it is not set until a task writes it", verdict: "harmless" }
    : { what, why: `${reader} reads it before anything writes it`, verdict: "impossible" };
}

/** Who reads a blob, from the next epoch on, before anything can have written it. */
function firstReaders({ groups }: Program): ReadonlyMap<string, string> {
  const readers = new Map<string, string>();
  const written = new Set<string>();
  for (const { steps } of [groups.epoch, groups.download, groups.exit]) {
    for (const { task, reads, writes } of steps) {
      for (const access of reads) {
        const key = accessKey(access);
        const isNow = access.how === "now" || access.how === "elsewhere";
        if (!isNow || written.has(key) || readers.has(key)) continue;
        readers.set(key, task === undefined ? "a group's if" : `task "${task.name}"`);
      }
      for (const access of writes) written.add(accessKey(access));
    }
  }
  return readers;
}

/** An array whose size is that of its initial value, where that is now another. */
function wrongSize(
  entry: BlobEntry,
  { blob }: PlacedBlob,
  before: JobParts | undefined,
): { readonly saved: string; readonly declared: string } | undefined {
  const was = before?.["blobs"]?.[blob.name]?.["type"];
  const now = initialType(blob)?.words;
  if (was === undefined || now === undefined || "absent" in entry) return undefined;
  const saved = entryWords(entry);
  if (saved !== was) return undefined;
  return now === was ? undefined : { saved, declared: now };
}

/** A blob without an initial value whose declaration names another type than before; what that is, nobody sees. */
function declaredAnew(
  entry: BlobEntry,
  { blob: { name } }: PlacedBlob,
  before: JobParts | undefined,
  now: JobParts | undefined,
): JobChange | undefined {
  const [was, is] = [before, now].map((parts) => parts?.["blobs"]?.[name]?.["declared"]);
  if (was === undefined || is === undefined || was === is || "absent" in entry) return undefined;
  return {
    what: `blob "${name}" is declared blob<${is}>, was blob<${was}>`,
    why: `what is saved is a ${kindOfType(entry.type)}`,
    verdict: "to be allowed",
  };
}

function entryWords({ type, bytes }: Exclude<BlobEntry, { absent: true }>): string {
  const kind = kindOfType(type);
  if (type.kind !== "array") return kind;
  if (type.shape !== undefined) return `${kind} ${type.shape.join("×")}`;
  return `${kind} of ${bytes / (arrayKindOfTag(type.tag)?.size ?? 1)}`;
}
