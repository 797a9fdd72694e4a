/**
 * Rules about derived blobs: that what makes them can run again on a resume, and comes to the same.
 *
 * @module
 */
import { type Access, accessesOf, accessKey, conditionTokens, tokensOf } from "../access.ts";
import type { Problem } from "../errors.ts";
import type { PlacedStep } from "../layout.ts";
import type { AnyBlob, AnyToken } from "../token.ts";
import { type PhaseName, PHASES, type Subject } from "./check.ts";
import { isSaved } from "./plan.ts";

/** Derived blobs that are something else too, or whose writers would come to another value on a resume. */
export function checkDerived(subject: Subject): readonly Problem[] {
  const problems = new Map<string, Problem>();
  const add = (found: readonly Problem[]): void => {
    for (const problem of found) problems.set(problem.message, problem);
  };
  const { inventory: { blobs }, options: { checkpoint: { blobs: selection } } } = subject;
  for (const blob of blobs) if (blob.derived) add(conflicts(blob));
  for (const part of ["include", "exclude"] as const) {
    add(
      (selection?.[part] ?? []).filter(({ derived }) => derived).map((blob) => ({
        code: "selects-derived",
        message: `checkpoint: blobs ${part}s blob "${blob.name}", which is derived and never saved`,
        mend: `do not make it derived, or take it out of ${part}`,
      })),
    );
  }
  const written = new Set<string>();
  const writers = lastWriters(subject);
  for (const phase of PHASES) {
    for (const step of subject.layouts[phase].steps) {
      for (const write of step.writes) {
        if (write.blob.derived) add(wrongWrite(step, write, phase, written));
      }
      if (phase === "init" && step.writes.some(({ blob }) => blob.derived)) {
        add(wrongWriter(subject, writers, step));
      }
    }
  }
  return [...problems.values()];
}

/** What the compiler refuses too, for jobs in plain JavaScript. */
function conflicts({ name, scratch, initial }: AnyBlob): readonly Problem[] {
  const found = [...scratch ? ["scratch"] : [], ...initial === undefined ? [] : ["initial"]];
  return found.map((option) => ({
    code: "derived-conflict",
    message: `blob "${name}" is derived and has ${option} too`,
    mend: option === "initial"
      ? "let an init task write it, which runs again on a resume"
      : "take one of them out: a scratch blob is dropped after its group, a derived one is made again",
  }));
}

/** A write of a derived blob that is not the one which makes it. */
function wrongWrite(
  { task }: PlacedStep,
  { blob, node }: Access,
  phase: PhaseName,
  written: Set<string>,
): readonly Problem[] {
  const who = `task "${task?.name}" of the ${phase} group`;
  const key = accessKey({ blob, node });
  const isUpdate = tokensOf(task?.declaration.updates ?? {}).includes(blob);
  if (phase === "init" && !isUpdate && !written.has(key)) {
    written.add(key);
    return [];
  }
  const what = isUpdate
    ? `${who} updates blob "${blob.name}", which is derived`
    : phase === "init"
    ? `${who} writes blob "${blob.name}" of node "${node}", which is derived and written before`
    : `${who} writes blob "${blob.name}", which is derived`;
  const mend = "let one init task write it, once on each node, and no other change it; " +
    "or do not make it derived";
  return [{ code: "changes-derived", message: what, mend }];
}

/** What keeps a task that writes derived blobs from coming to the same again. */
function wrongWriter(subject: Subject, writers: LastWriters, step: PlacedStep): readonly Problem[] {
  const derived = step.writes.find(({ blob }) => blob.derived)?.blob.name;
  const who = `task "${step.task?.name}" writes blob "${derived}", which is derived`;
  const beside = step.writes.filter(({ blob }) => !blob.derived).map(({ blob }) => ({
    code: "derives-beside",
    message: `${who}, and also changes blob "${blob.name}", which is not`,
    mend: `change "${blob.name}" in a task of its own: this one runs again on each resume`,
  }));
  const reads = readsOf(subject, step).flatMap(({ token, node }) =>
    PASSING.includes(token.kind)
      ? [passing(token, who)]
      : accessesOf(token, node).flatMap((access) => changing(subject, writers, step, access, who))
  );
  return [...beside, ...reads];
}

/** What a task reads, its condition and those of the groups around it among that. */
function readsOf(
  { layouts }: Subject,
  { task, node, gates }: PlacedStep,
): readonly { readonly token: AnyToken; readonly node: string }[] {
  const { reads = {}, if: condition } = task?.declaration ?? {};
  const own = [...tokensOf(reads), ...condition === undefined ? [] : conditionTokens(condition)];
  const around = gates.flatMap((at) => {
    const gate = layouts.init.steps[at];
    if (gate?.condition === undefined) return [];
    return conditionTokens(gate.condition).map((token) => ({ token, node: gate.node }));
  });
  return [...own.map((token) => ({ token, node })), ...around];
}

/** What stands elsewhere when the task runs again. */
const PASSING: readonly string[] = ["cursor", "previous", "saved"];
const READS = "read params, resources, other derived blobs, or blobs that nothing changes after it";

function passing(token: AnyToken, who: string): Problem {
  const what = token.kind === "cursor"
    ? `cursor "${token.name}"`
    : "blob" in token
    ? `${token.kind}(${token.blob.name})`
    : token.kind;
  const message = `${who}, and reads ${what}, which is another when it runs again on a resume`;
  return { code: "derives-from-changing", message, mend: READS };
}

/** A read of a blob that is changed later, or that a resume does not have. */
function changing(
  { options, usage }: Subject,
  writers: LastWriters,
  step: PlacedStep,
  access: Access,
  who: string,
): readonly Problem[] {
  const { blob, node } = access;
  if (blob.derived) return [];
  const isConstant = blob.initial !== undefined && !usage.writers(blob).has(node);
  if (!isSaved(options.checkpoint, blob) && (blob.scratch || !isConstant)) {
    const message = `${who}, and reads blob "${blob.name}", which is not saved and so not there ` +
      `when it runs again on a resume`;
    return [{ code: "derives-from-unsaved", message, mend: `let it be saved; or ${READS}` }];
  }
  const last = writers.get(accessKey(access));
  if (last === undefined || last.phase === "init" && last.step.index <= step.index) return [];
  const later = `task "${last.step.task?.name}" of the ${last.phase} group`;
  const message = `${who}, and reads blob "${blob.name}", which ${later} changes, so that it is ` +
    `another when the task runs again on a resume`;
  return [{ code: "derives-from-changing", message, mend: READS }];
}

/** The last step to write each blob, and of which group it is. */
type LastWriters = ReadonlyMap<string, { readonly phase: PhaseName; readonly step: PlacedStep }>;

function lastWriters({ layouts }: Subject): LastWriters {
  const last = new Map<string, { readonly phase: PhaseName; readonly step: PlacedStep }>();
  for (const phase of PHASES) {
    for (const step of layouts[phase].steps) {
      for (const write of step.writes) last.set(accessKey(write), { phase, step });
    }
  }
  return last;
}
