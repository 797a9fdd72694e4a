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

/** What keeps a job from going on from a checkpoint, or is new to it; `made` are those that migrations make. */
export function savedBlobChanges(
  program: Program,
  manifest: Manifest,
  before: JobParts | undefined,
  made: ReadonlyMap<string, string>,
): readonly JobChange[] {
  const readers = firstReaders(program);
  return program.saved.flatMap((placed): readonly JobChange[] => {
    const { node, blob } = placed;
    const entry = manifest.nodes[node]?.[blob.name];
    const name = `blob "${blob.name}" of node "${node}"`;
    const by = made.get(accessKey(placed));
    if (by !== undefined) {
      const why = "of what the checkpoint has";
      return [{ what: `${name} is made by migration "${by}"`, why, verdict: "harmless" }];
    }
    if (entry === undefined) return [lacking(name, placed, readers.get(accessKey(placed)))];
    const wrong = wrongType(entry, blob) ?? wrongSize(entry, placed, before);
    if (wrong === undefined) return [];
    return [{
      what: `${name} was saved as ${wrong.saved}, and the job declares ${wrong.declared}`,
      why: "a value of one type cannot stand for one of another",
      verdict: "impossible",
    }];
  });
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

function entryWords({ type, bytes }: Exclude<BlobEntry, { absent: true }>): string {
  const kind = kindOfType(type);
  if (type.kind !== "array") return kind;
  if (type.shape !== undefined) return `${kind} ${type.shape.join("×")}`;
  return `${kind} of ${bytes / (arrayKindOfTag(type.tag)?.size ?? 1)}`;
}
