/**
 * Rules about one task's declaration, and about blobs that must not change.
 *
 * @module
 */
import { accessKey, tokensOf } from "../access.ts";
import type { Problem } from "../errors.ts";
import type { AnyTask } from "../task.ts";
import type { AnyBlob } from "../token.ts";
import { PHASES, type Subject } from "./check.ts";

/** The longest version of a task. */
const MOST_VERSION = 200;

/** Keys and blobs that a task declares twice, and versions that are none. */
export function checkDeclarations(tasks: Iterable<AnyTask>): readonly Problem[] {
  return [...tasks].flatMap((task) => [
    ...sameKeys(task),
    ...sameBlobs(task),
    ...badVersion(task),
  ]);
}

function sameKeys({ name, declaration }: AnyTask): readonly Problem[] {
  const { reads, updates, writes } = declaration;
  return Object.keys(updates).flatMap((key) => {
    const part = Object.hasOwn(reads, key)
      ? "reads"
      : Object.hasOwn(writes, key)
      ? "writes"
      : undefined;
    return part === undefined ? [] : [{
      code: "duplicate-key",
      message: `task "${name}" has the key "${key}" both in updates and in ${part}`,
      mend: "updates alone reads, changes and may replace it: take it out of the other",
    }];
  });
}

/** What the compiler refuses too, for jobs in plain JavaScript. */
function badVersion({ name, declaration }: AnyTask): readonly Problem[] {
  const version: unknown = declaration.version;
  const isGood = version === undefined || typeof version === "number" ||
    typeof version === "string" && version !== "" && version.length <= MOST_VERSION;
  return isGood ? [] : [{
    code: "bad-version",
    message: `task "${name}" has the version ${String(version).slice(0, MOST_VERSION) || '""'}`,
    mend: `write a number, or a text of 1 to ${MOST_VERSION} characters`,
  }];
}

function sameBlobs({ name, declaration }: AnyTask): readonly Problem[] {
  const updates = tokensOf(declaration.updates) as readonly AnyBlob[];
  const seen = new Set<AnyBlob>();
  const twice = new Set<AnyBlob>();
  for (const blob of [...updates, ...tokensOf(declaration.writes) as readonly AnyBlob[]]) {
    if (seen.has(blob)) twice.add(blob);
    seen.add(blob);
  }
  const updated = new Set(updates);
  const read = new Set(
    tokensOf(declaration.reads)
      .map((token) => token.kind === "optional" ? token.blob : token)
      .filter((token) => token.kind === "blob" && updated.has(token)),
  );
  return [
    ...[...twice].map((blob) => ({
      code: "duplicate-write",
      message: `task "${name}" writes blob "${blob.name}" twice`,
      mend: "declare it under one key",
    })),
    ...[...read as ReadonlySet<AnyBlob>].map((blob) => ({
      code: "duplicate-read",
      message: `task "${name}" has blob "${blob.name}" both in reads and in updates`,
      mend: "leave it in updates alone, which also reads it; for the old value use previous(…)",
    })),
  ];
}

/** Tasks that change an immutable blob after it was set. */
export function checkImmutable({ layouts }: Subject): readonly Problem[] {
  const set = new Set<string>();
  const problems = new Map<string, Problem>();
  for (const phase of PHASES) {
    for (const step of layouts[phase].steps) {
      for (const write of step.writes) {
        if (!write.blob.immutable) continue;
        const key = accessKey(write);
        if (phase === "init" && !set.has(key) && write.blob.initial === undefined) {
          set.add(key);
          continue;
        }
        const message = `task "${step.task?.name}" of the ${phase} group changes blob ` +
          `"${write.blob.name}", which is immutable`;
        const mend = "set it once, in one init task or by initial";
        problems.set(message, { code: "changes-immutable", message, mend });
      }
    }
  }
  return [...problems.values()];
}
