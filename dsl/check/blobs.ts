/**
 * Rules about reads: of what is not there, not yet there, or not there after a resume.
 *
 * @module
 */
import { type Access, accessKey } from "../access.ts";
import type { Problem } from "../errors.ts";
import type { PlacedStep } from "../layout.ts";
import { nearNames } from "../near.ts";
import type { AnyBlob } from "../token.ts";
import { type PhaseName, PHASES, type Subject } from "./check.ts";
import { isSaved } from "./plan.ts";

/** Reads of what is not there when they happen, in the first epoch or after a resume. */
export function checkBlobs(subject: Subject): readonly Problem[] {
  const problems = new Map<string, Problem>();
  const earlier = new Set<string>();
  for (const phase of PHASES) {
    const surely = new Map<string, Map<string, readonly number[]>>();
    for (const step of subject.layouts[phase].steps) {
      for (const access of step.reads) {
        const read: Read = { subject, step, access, phase, earlier, surely };
        const code = missing(read) ?? unsaved(read) ?? tooEarly(read);
        if (code === undefined) continue;
        const key = [code, readerName(step), access.blob.name, access.how, phase].join("/");
        if (!problems.has(key)) problems.set(key, describe(code, read));
      }
      // A task's own `if` is not known to another task: what it writes may be missing for it.
      const ways = step.task?.declaration.if === undefined ? step.gates : [...step.gates, -1];
      for (const write of step.writes) {
        earlier.add(accessKey(write));
        const known = surely.get(accessKey(write));
        if (known === undefined) surely.set(accessKey(write), new Map([[ways.join(), ways]]));
        else known.set(ways.join(), ways);
      }
    }
  }
  return [...problems.values()];
}

/** A read, and what is known where it happens. */
interface Read {
  readonly subject: Subject;
  readonly step: PlacedStep;
  readonly access: Access;
  readonly phase: PhaseName;
  /** What may have been written before, in this group or an earlier one. */
  readonly earlier: ReadonlySet<string>;
  /** What was written before in this group, and under which gates. */
  readonly surely: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
}

type Code =
  | "unknown-node"
  | "other-node"
  | "never-written"
  | "reads-scratch"
  | "reads-excluded"
  | "read-before-write";

/** Whether the node that is read lacks the blob altogether. */
function missing({ subject, step, access }: Read): Code | undefined {
  const { blob, node } = access;
  if (!subject.nodes.has(node)) return "unknown-node";
  const writers = subject.usage.writers(blob);
  if (writers.has(node)) return undefined;
  const isOwn = node === step.node && access.how !== "elsewhere";
  // An initial value stands in for what nothing writes; where others write it, theirs is meant.
  if (blob.initial !== undefined) {
    if (isOwn && writers.size === 0) return undefined;
    if (!isOwn && subject.usage.users(blob).has(node)) return undefined;
  }
  return writers.size > 0 ? "other-node" : "never-written";
}

/** Whether the read can see a value that an uninterrupted run has, and a resumed one has not. */
function unsaved(read: Read): Code | undefined {
  const { subject, step, access, phase, surely } = read;
  const { blob, how, node } = access;
  if (how === "saved" || isSaved(subject.options.checkpoint, blob)) return undefined;
  // A resume has made it again before any task runs.
  if (blob.derived) return undefined;
  // Nothing changes it, so that it is made anew as it was.
  if (blob.initial !== undefined && !subject.usage.writers(blob).has(node)) return undefined;
  if (blob.scratch) {
    // Each group starts without it, or with a new initial value, on a resume too.
    if (how === "optional" || blob.initial !== undefined && how !== "previous") return undefined;
  } else if (phase === "init") {
    return undefined;
  }
  const ways = [...surely.get(accessKey(access))?.values() ?? []];
  const isWritten = ways.some((gates) => gates.every((gate) => step.gates.includes(gate)));
  if (isWritten && how !== "previous") return undefined;
  return blob.scratch ? "reads-scratch" : "reads-excluded";
}

/** Whether nothing can have written it before, in the first epoch. */
function tooEarly({ access, earlier }: Read): Code | undefined {
  const { blob, how } = access;
  if (how === "saved" || how === "optional" || how === "previous") return undefined;
  if (blob.initial !== undefined || earlier.has(accessKey(access))) return undefined;
  return "read-before-write";
}

function describe(code: Code, read: Read): Problem {
  const { subject, step, access, phase } = read;
  const { blob, node } = access;
  const reader = readerName(step);
  switch (code) {
    case "unknown-node":
      return {
        code,
        message: `${reader} reads blob "${blob.name}" from node "${node}", which is not in the job`,
        mend: `its nodes are ${nearNames(node, subject.nodes).join(", ")}`,
      };
    case "other-node":
      return otherNode(read);
    case "never-written":
      return {
        code,
        message: `${reader} reads blob "${blob.name}", which nothing writes`,
        mend: "write it in a task, or give it an initial value",
      };
    case "read-before-write":
      return {
        code,
        message: `${reader} of the ${phase} group reads blob "${blob.name}" before anything has ` +
          `written it`,
        mend: "write it first, by a task that is listed before, read previous(…) or optional(…), " +
          "or give it an initial value",
      };
    default:
      return {
        code,
        message: `${reader} of the ${phase} group can read blob "${blob.name}" before anything ` +
          `in the group has written it, and it is ${unsavedWord(blob)}`,
        mend: access.how === "previous"
          ? "let it be saved: previous(…) is what the last epoch left"
          : "write it earlier in the group on every way, or let it be saved",
      };
  }
}

function otherNode({ subject, step, access }: Read): Problem {
  const { blob, node } = access;
  const writers = [...subject.usage.writers(blob)];
  const listed = writers.slice(0, 4).map((writer) => `"${writer}"`).join(", ");
  return {
    code: "other-node",
    message: `${readerName(step)} on node "${step.node}" reads blob "${blob.name}" of node ` +
      `"${node}", but it is written on ${listed}${writers.length > 4 ? " …" : ""}`,
    mend: writers.length > 1
      ? "read it with gather(nodes, …), or from(node, …)"
      : `read it with from("${writers[0]}", …), or run the task there with on(…)`,
  };
}

function unsavedWord(blob: AnyBlob): string {
  return blob.scratch ? "scratch" : "not in the checkpoint plan's blobs";
}

function readerName(step: PlacedStep): string {
  return step.task === undefined ? "a group's if" : `task "${step.task.name}"`;
}
