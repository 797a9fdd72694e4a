/**
 * Says which tasks a resume would run, and which have finished already.
 *
 * @module
 */
import {
  type CheckpointStore,
  DamagedError,
  type GateEntry,
  type JobDescription,
  type LogEntry,
  type LoggedWork,
  type Manifest,
  type ManifestRef,
  readLoggedWork,
  readOwnEntries,
  type TaskEntry,
} from "../../storage/mod.ts";
import { parseLogName } from "../../storage/task_log_names.ts";
import { type StepGround, whatWasEdited } from "../change/edited_step.ts";
import type { PlacedStep } from "../../dsl/layout.ts";
import type { CheckpointEngine } from "../checkpoint/engine.ts";
import type { Phase } from "../events.ts";
import { DerivedDigests } from "../derived/digests.ts";
import { blobsToDerive, derives, layOutDerived } from "../derived/steps.ts";
import { judgeWork, type WorkUser } from "../journal/judge_work.ts";
import { RecordedEntries } from "../journal/recorded.ts";
import { judgeReuse } from "../journal/reuse.ts";
import type { Program } from "../program.ts";
import { lostWorkText } from "./recorded_work.ts";

/** What a resume would do with a task. */
export interface ForeseenTask {
  /** The task in its group, as in `"train@main"`. */
  readonly id: string;
  /** Whether what it has written is used, so that it does not run. */
  readonly isReused: boolean;
  /** Why. */
  readonly because: string;
}

/** What a resume would do first. */
export interface ForeseenGroup {
  /** The group. */
  readonly phase: Phase;
  /** The epoch. */
  readonly epoch: number;
  /** Its tasks. */
  readonly tasks: readonly ForeseenTask[];
  /** How many pieces and steps of tasks that have not finished are recorded. */
  readonly pieces: number;
  /** What of that is damaged, in words. */
  readonly lost: readonly string[];
}

/** A resume whose tasks are asked for. */
export interface ForeseenStart {
  /** The job compiled. */
  readonly program: Program;
  /** What it is. */
  readonly description: JobDescription;
  /** The last state. */
  readonly by: ManifestRef;
  /** The epoch's. */
  readonly manifest: Manifest;
  /** The phase with which it would begin; none where it would run nothing. */
  readonly phase: Phase | undefined;
  /** With what it would go on, as far as what was recorded depends on it. */
  readonly user: WorkUser;
}

/** Foresees which tasks run again as what they have written is derived, before all others. */
export function foreseeDerived(
  { program, manifest, phase }: Pick<ForeseenStart, "program" | "manifest" | "phase">,
  made: ReadonlyMap<string, string>,
): readonly ForeseenTask[] {
  if (phase === undefined) return [];
  const saved = manifest.run.derived ?? {};
  const { steps } = layOutDerived(program, blobsToDerive(program, phase));
  return steps.filter(derives).map(({ id, writes }) => {
    const because = writes.map(({ node, blob: { name } }) => {
      const digest = saved[node]?.[name];
      if (digest === undefined) {
        const by = made.get(`${node}/${name}`);
        if (by !== undefined) return `${name} must be what migration "${by}" makes of it`;
        const entry = manifest.nodes[node]?.[name];
        const isSaved = entry !== undefined && !("absent" in entry);
        return isSaved
          ? `${name} was saved itself so far, and must be what it was`
          : `${name} is new to the checkpoint`;
      }
      return digest === null
        ? `${name} was not set, and must not be`
        : `${name} must have the SHA-256 ${digest.slice(0, 12)}…`;
    });
    return { id, isReused: false, because: `derived, and not saved: ${because.join(", ")}` };
  });
}

/** Foresees the first group of a resume; nothing where there is none, or nobody knows its tasks. */
export async function foreseeTasks(
  { archive }: CheckpointEngine,
  { program, description, by, manifest, phase, user }: ForeseenStart,
): Promise<ForeseenGroup | undefined> {
  if (phase === undefined || phase === "upload") return undefined;
  const epoch = phase === "epoch" ? manifest.epoch + 1 : manifest.epoch;
  const { steps } = program.groups[phase];
  const tasks = steps.filter(({ task }) => task !== undefined);
  if (program.plan.grain !== "task") {
    const because = 'grain: "epoch": of an epoch that is not saved no task is recorded';
    const all = tasks.map(({ id }) => ({ id, isReused: false, because }));
    return { phase, epoch, tasks: all, pieces: 0, lost: [] };
  }
  const store = await archive.store();
  const work = await readLoggedWork(store.store, by, Infinity);
  const found = new RecordedEntries(work?.entries);
  const { isUsable, why } = work?.head === undefined
    ? { isUsable: false, why: undefined }
    : judgeWork(work.head, user);
  const derivedThen = work?.head?.derived ?? {};
  const isAsSaved = new DerivedDigests(program.derived, manifest.run.derived).isSame(derivedThen);
  const proviso = isAsSaved ? "" : ", and is used if derived blobs come out as they did then";
  const recorded = isUsable ? found : new RecordedEntries();
  const site = { phase, epoch };
  const saved = new Set(program.saved.map(({ node, blob }) => `${node}/${blob.name}`));
  const { verdicts } = judgeReuse(steps, {
    entryOf: (id) => recorded.step({ ...site, id }),
    isSaved: (node, blob) => saved.has(`${node}/${blob.name}`),
    params: program.params,
  }, recorded.steps(site).length);
  const now = { params: program.params, parts: description.parts };
  const grounds = await groundsOf(store, work, verdicts.map(({ outdated }) => outdated));
  const whyRuns = (step: PlacedStep): string => {
    const { because = "", behind } = verdicts[step.index] ?? {};
    const before = behind === undefined ? undefined : steps[behind];
    // A condition is no task that is listed.
    if (before?.kind === "gate") {
      return `${before.id}, for which it waits: ${whyRuns(before)}`;
    }
    const then = grounds[step.index];
    const edits = then && whatWasEdited(step, { phase, steps }, then, now);
    const done = step.task === undefined ? "was judged" : "finished";
    return edits === undefined ? because : `since it ${done}, ${edits}`;
  };
  const judged = tasks.map((step) => {
    const { id } = step;
    const { entry, because = "" } = verdicts[step.index] ?? {};
    if (entry !== undefined) return { id, isReused: true, because: `${because}${proviso}` };
    const isLost = why !== undefined && found.step({ ...site, id }) !== undefined;
    return {
      id,
      isReused: false,
      because: isLost ? `what it has done ${why}` : whyRuns(step),
    };
  });
  const lost = (work?.damaged ?? []).map(lostWorkText);
  return { phase, epoch, tasks: judged, pieces: recorded.tally(site).pieces, lost };
}

/** What the job was when each step was recorded, in their order; nothing of what nobody can tell. */
async function groundsOf(
  store: CheckpointStore,
  work: LoggedWork | undefined,
  recorded: readonly (TaskEntry | GateEntry | undefined)[],
): Promise<readonly (StepGround | undefined)[]> {
  const grounds = new Map<string, StepGround | undefined>();
  const wanted = new Set(recorded.flatMap((entry) => entry === undefined ? [] : [keyOf(entry)]));
  const attempts = new Set(work?.sources.map(({ name }) => parseLogName(name)?.attempt ?? 0));
  for (const attempt of [...attempts].sort((a, b) => b - a)) {
    if (grounds.size === wanted.size) break;
    const own = (await readOwnEntries(store.store, attempt)).map(keyOf);
    const found = own.filter((key) => wanted.has(key) && !grounds.has(key));
    if (found.length === 0) continue;
    const ground = await groundIn(store, attempt);
    for (const key of found) grounds.set(key, ground);
  }
  return recorded.map((entry) => entry && grounds.get(keyOf(entry)));
}

function keyOf(entry: LogEntry): string {
  const { kind, phase, epoch, id } = entry;
  return JSON.stringify([kind, phase, epoch, id, "code" in entry ? entry.code : ""]);
}

async function groundIn(
  store: CheckpointStore,
  attempt: number,
): Promise<StepGround | undefined> {
  try {
    const record = await store.readAttempt(attempt);
    return record && { params: record.params, parts: record.description?.parts };
  } catch (error) {
    if (error instanceof DamagedError) return undefined;
    throw error;
  }
}
