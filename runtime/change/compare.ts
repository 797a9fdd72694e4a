/**
 * Compares what a job was with what it is, and judges each difference.
 *
 * @module
 */
import type { JobParts } from "../../storage/mod.ts";
import { movedBlobs } from "./moved_blobs.ts";
import { TEXT } from "./statements.ts";

/** A difference between a job as it was when an epoch was saved, and as it is now. */
export interface JobChange {
  /** What differs, in the job's own words. */
  readonly what: string;
  /** What that means for the job. */
  readonly why: string;
  /**
   * Whether the job goes on (`"harmless"`), goes on only where the change is allowed (`"to be allowed"`),
   * or cannot go on without a migration (`"impossible"`).
   */
  readonly verdict: "harmless" | "to be allowed" | "impossible";
}

type Fields = Readonly<Record<string, string>>;

/** One named thing of a part of the job, before and now; at least one of them is there. */
interface Pair {
  readonly name: string;
  readonly before: Fields | undefined;
  readonly now: Fields | undefined;
}

const LATER = "later epochs may come out otherwise than they would have";
const STOPS = "stop conditions are judged as they are now";
const DERIVES = "it runs again, and what it derives must have the digest that was saved";
const DERIVES_NEW = "it runs, and what it derives is compared from then on";
const SAVES = "saves are made as the plan says now";
const STARTS = "it is as the plan says now";
const MAY_USE = "tasks may use it";
const SAME_VERSIONS = "each task's version is as it was";
/** What edits of a module's statements may mean where tasks use them. */
export const OF_MODULES: readonly string[] = [MAY_USE, SAME_VERSIONS];
/** What of a plan is of no save. */
const OF_STARTS: readonly string[] = ["onChange", "onDamaged", "load", "check"];

/** The differences between two descriptions, apart from what could not be seen then or now. */
export function compareParts(before: JobParts, now: JobParts): readonly JobChange[] {
  const pairs = (part: string): readonly Pair[] => pairsOf(before[part] ?? {}, now[part] ?? {});
  const isVersioned = pairs("tasks").every(isSameVersion);
  const isSameText = sameText(before, now);
  return [
    ...pairs("tasks").flatMap((pair) => taskChanges(pair, isSameText)),
    ...pairs("groups").flatMap((pair) => orderChanges(pair, movedTasks(pairs("tasks")))),
    ...pairs("blobs").flatMap((pair) => blobChanges(pair, isSameText)),
    ...movedBlobs(before["nodes"] ?? {}, now["nodes"] ?? {}),
    ...pairs("params").flatMap(paramChanges),
    ...pairs("resources").flatMap((pair) => usedChanges("resource", pair, isSameText)),
    ...pairs("cursors").flatMap((pair) => usedChanges("cursor", pair, isSameText)),
    ...pairs("until").flatMap((pair) => planChanges(() => "the job's until", pair, STOPS)),
    ...pairs("plan").flatMap((pair) =>
      planChanges(
        (name) => `the plan's ${name}`,
        pair,
        OF_STARTS.includes(pair.name) ? STARTS : SAVES,
      )
    ),
    ...pairs("modules").flatMap((pair) => moduleChanges(pair, isVersioned)),
    ...pairs("locks").flatMap(lockChanges),
  ];
}

function pairsOf(
  before: Readonly<Record<string, Fields>>,
  now: Readonly<Record<string, Fields>>,
): readonly Pair[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].sort().map((name) => ({
    name,
    before: own(before, name),
    now: own(now, name),
  }));
}

function own<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/**
 * Whether all code was seen, that of others by the lock file, and is the same: then a function's text
 * differs by the compiler alone.
 */
function sameText(before: JobParts, now: JobParts): boolean {
  const pairs = pairsOf(before["modules"] ?? {}, now["modules"] ?? {});
  const locks = pairsOf(before["locks"] ?? {}, now["locks"] ?? {});
  const isLocked = locks.length > 0 &&
    locks.every((pair) => pair.before?.["hash"] === pair.now?.["hash"]);
  return isLocked && pairs.length > 0 &&
    pairs.every((pair) => pair.before?.[TEXT] === pair.now?.[TEXT]) &&
    pairsOf(before["unseen"] ?? {}, now["unseen"] ?? {}).length === 0;
}

function isSameVersion({ before, now }: Pair): boolean {
  const version = now?.["version"];
  return version !== undefined && version === before?.["version"];
}

function taskChanges(pair: Pair, isSameText: boolean): readonly JobChange[] {
  const { name, before, now } = pair;
  const task = `task "${name}"`;
  const groups = `${before?.["in"] ?? ""} ${now?.["in"] ?? ""}`;
  const judged = (what: string): JobChange => {
    if (groups.includes("epoch")) return { what, why: LATER, verdict: "to be allowed" };
    const why = now?.["derives"] !== undefined
      ? before === undefined ? DERIVES_NEW : DERIVES
      : groups.includes("init")
      ? "init has run, and does not run again"
      : "it runs after the last epoch";
    return { what, why, verdict: "harmless" };
  };
  if (before === undefined) return [judged(`${task} of ${now?.["in"]} is new`)];
  if (now === undefined) return [judged(`${task} of ${before["in"]} is gone`)];
  const changes: JobChange[] = [];
  for (const field of ["in", "reads", "updates", "writes", "if", "restore"]) {
    if (before[field] !== now[field]) {
      changes.push(judged(`${task}: ${field}: ${words(pair, field)}`));
    }
  }
  for (const field of ["after", "retry", "timeout"]) {
    if (before[field] === now[field]) continue;
    const why = "it decides when the task runs, not what it computes";
    changes.push({ what: `${task}: ${field}: ${words(pair, field)}`, why, verdict: "harmless" });
  }
  const isEdited = before["code"] !== now["code"] && !isSameText;
  const version = now["version"];
  if (before["version"] !== undefined && before["version"] !== version) {
    changes.push(judged(`${task}: version: ${words(pair, "version")}`));
  } else if (isEdited) {
    const edited = `the code of ${task} was edited`;
    changes.push(
      isSameVersion(pair)
        ? { what: edited, why: `its version is ${version}, as it was`, verdict: "harmless" }
        : judged(edited),
    );
  }
  return changes;
}

function movedTasks(pairs: readonly Pair[]): ReadonlySet<string> {
  const moved = pairs.filter(({ before, now }) => before?.["in"] !== now?.["in"]);
  return new Set(moved.map(({ name }) => `"${name}"`));
}

/** The order of steps, apart from the tasks that are new, gone or in another group. */
function orderChanges({ name, before, now }: Pair, moved: ReadonlySet<string>): JobChange[] {
  const order = (fields: Fields | undefined): string => {
    const kept = (fields?.["steps"] ?? "").replaceAll(/"[^"]*"(?:, )?/g, (step) => {
      return moved.has(step.replace(", ", "")) ? "" : step;
    });
    return kept.replaceAll(/, (?=\)|$)/g, "");
  };
  const [was, is] = [order(before), order(now)];
  if (was === is) return [];
  const isCode = withoutHashes(was) === withoutHashes(is);
  const what = isCode
    ? `the code of a condition in the order of ${name} was edited: ${withoutHashes(is)}`
    : `the order of ${name}: ${arrow(was, is)}`;
  if (name === "epoch") return [{ what, why: LATER, verdict: "to be allowed" }];
  const why = name === "init" ? "init has run, and does not run again" : "it is yet to run";
  return [{ what, why, verdict: "harmless" }];
}

function blobChanges(pair: Pair, isSameText: boolean): readonly JobChange[] {
  const { name, before, now } = pair;
  const blob = `blob "${name}"`;
  // A new one is judged by what the checkpoint holds.
  if (before === undefined) return [];
  if (now === undefined) {
    const why = "what was saved of it stays in the old checkpoints only";
    return [{ what: `${blob} is gone`, why, verdict: "harmless" }];
  }
  const changes: JobChange[] = [];
  if (before["saved"] !== now["saved"]) {
    const why = now["derived"] !== undefined
      ? "it is derived: made again, it must be what was saved"
      : before["derived"] !== undefined
      ? "it was derived"
      : "the epoch group writes it before it reads it";
    const what = `${blob} is ${now["saved"] === "yes" ? "" : "no longer "}saved`;
    changes.push({ what, why, verdict: "harmless" });
  }
  if (isSameText) return changes;
  const isInBoth = before["codec"] !== undefined && now["codec"] !== undefined;
  if (isInBoth && before["codec"] !== now["codec"]) {
    const what = `the codec of ${blob} was edited`;
    changes.push(
      now["derived"] === undefined
        ? { what, why: "it must read what the codec before has written", verdict: "to be allowed" }
        : {
          what,
          why: "what it makes of the blob must have the digest that was saved",
          verdict: "harmless",
        },
    );
  }
  if (before["initial"] !== now["initial"]) {
    const what = `the initial value of ${blob} was edited`;
    changes.push(
      now["saved"] === "yes"
        ? { what, why: "the checkpoint has its value", verdict: "harmless" }
        : { what, why: LATER, verdict: "to be allowed" },
    );
  }
  return changes;
}

function paramChanges(pair: Pair): readonly JobChange[] {
  const { name, before, now } = pair;
  // Values, new params and old ones are told of with where each value comes from.
  if (before === undefined || now === undefined || before["is"] === now["is"]) return [];
  const what = `param ${name} may be another value: ${words(pair, "is")}`;
  return [{ what, why: "its value now is one of them", verdict: "harmless" }];
}

/** A resource or a cursor; who uses a new one, or no longer uses one, is another task. */
function usedChanges(kind: string, pair: Pair, isSameText: boolean): readonly JobChange[] {
  const { name, before, now } = pair;
  if (before === undefined || now === undefined) return [];
  return Object.keys({ ...before, ...now }).flatMap((field): JobChange[] => {
    const isNone = before[field] === now[field] || field === "derives";
    if (isNone || field === "code" && isSameText) return [];
    const what = field === "code"
      ? `the code of ${kind} "${name}" was edited`
      : `${kind} "${name}": ${field}: ${words(pair, field)}`;
    if (now["derives"] === undefined) return [{ what, why: LATER, verdict: "to be allowed" }];
    const why = "who uses it runs again, and what that derives must have the digest that was saved";
    return [{ what, why, verdict: "harmless" }];
  });
}

function planChanges(
  label: (name: string) => string,
  pair: Pair,
  why: string,
): readonly JobChange[] {
  if (pair.before?.["is"] === pair.now?.["is"]) return [];
  const shown = words(pair, "is");
  const what = `${label(pair.name)}: ${shown}`;
  return [{ what, why, verdict: "harmless" }];
}

function moduleChanges({ name, before, now }: Pair, isVersioned: boolean): readonly JobChange[] {
  // A module that is new, or gone, is one by an import that changed.
  if (before === undefined || now === undefined) return [];
  const labels = Object.keys({ ...before, ...now }).sort().filter((label) =>
    label !== TEXT && own(before, label) !== own(now, label)
  );
  const known = [before, now].map((fields) => new Set(Object.keys(fields).flatMap(namesIn)));
  return labels.map((label): JobChange => {
    const isGone = own(now, label) === undefined;
    const isNew = own(before, label) === undefined;
    const what = `${label} of ${name} ${isNew ? "is new" : isGone ? "is gone" : "was edited"}`;
    if (isVersioned) return { what, why: SAME_VERSIONS, verdict: "harmless" };
    // What uses a name that is new, or used one that is gone, was edited itself; but a statement does
    // something by itself, and a name may stand elsewhere, or hide another.
    const isElsewhere = (part: string): boolean =>
      part in globalThis || known.every((names) => names.has(part));
    const isUsed = !isNew && !isGone || namesIn(label).some(isElsewhere) ||
      label.startsWith("a statement");
    return isUsed
      ? { what, why: MAY_USE, verdict: "to be allowed" }
      : { what, why: "what stayed does not use it", verdict: "harmless" };
  });
}

/** The names in the label of a statement. */
function namesIn(label: string): readonly string[] {
  return label.replace("import of ", "").split(", ");
}

function lockChanges({ name, before, now }: Pair): readonly JobChange[] {
  if (before === undefined || now === undefined || before["hash"] === now["hash"]) return [];
  const why = "what the job imports may be of another version";
  return [{ what: `${name} changed`, why, verdict: "to be allowed" }];
}

/** A field before and now, without the digits that stand for code. */
function words({ before, now }: Pair, field: string): string {
  return arrow(own(before ?? {}, field) ?? "none", own(now ?? {}, field) ?? "none");
}

function arrow(before: string, now: string): string {
  const [was, is] = [before, now].map(withoutHashes);
  return was === is ? `${is}, whose code was edited` : `${was} → ${is}`;
}

function withoutHashes(words: string): string {
  return words.replaceAll(/ #[0-9a-f]{8}\b/g, "");
}
