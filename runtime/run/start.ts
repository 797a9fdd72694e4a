/**
 * Finds where a run starts: anew, after a saved epoch, at a later phase, or nowhere.
 *
 * @module
 */
import {
  CheckpointNotFoundError,
  DamagedError,
  formatRef,
  type JobDescription,
  type Manifest,
  type ManifestRef,
  settleSaved,
} from "../../storage/mod.ts";
import { describeJob } from "../change/describe.ts";
import type { EpochRef } from "../checkpoint/epoch_ref.ts";
import type { Target } from "../checkpoint/locate.ts";
import { unrecordedWarnings } from "../checkpoint/unrecorded.ts";
import type { Phase, RunMode } from "../events.ts";
import { compile, type Program } from "../program.ts";
import { editNotices, hasOtherSettings, isEdited } from "./another.ts";
import { admit, loadNewestGood, sayFinished } from "./load_newest.ts";
import { NO_MIGRATIONS, type StartMigrations } from "./migrate.ts";
import { noProgressWarning } from "./poisoned.ts";
import { declareBlobs } from "./prepare.ts";
import { compileAsSaved } from "./recompile.ts";
import type { RunRequest } from "./run_request.ts";
import { readUnfinished, type Unfinished } from "./unfinished.ts";
import { environment, Progress } from "./state.ts";
import { waitForRoom } from "./wait_for_room.ts";

/** Where a run starts. */
export interface Start {
  /** The job compiled. */
  readonly program: Program;
  /** What it is. */
  readonly description: JobDescription;
  /** The state beside the blobs. */
  readonly progress: Progress;
  /** Whether it is new, gone on with, or nothing to do. */
  readonly mode: RunMode;
  /** The phase that comes first; none where there is nothing to do. */
  readonly phase: Phase | undefined;
  /** The manifest it starts from. */
  readonly from: ManifestRef | undefined;
  /** The epoch that it, or the phase it starts from, follows. */
  readonly epoch: ManifestRef | undefined;
  /** The migrations that the state it starts from has gone through. */
  readonly migrations: StartMigrations;
  /** Whether a person has made another job of it since it was run last. */
  readonly isAnother: boolean;
  /** The branch whose tasks' work may be used. */
  readonly workBranch: number;
  /** What is to be said about it. */
  readonly notices: readonly string[];
  /** What is to be said even where little is: that something saved is damaged. */
  readonly warnings: readonly string[];
}

/** The most times that another runner may get in between before this one gives up. */
const MOST_LOOKS = 5;

/** What comes after the last epoch, in its order. */
export const END_PHASES = ["upload", "download", "exit"] as const;

/**
 * Takes the hold of the job, unless the run that starts again has it, finds where a run starts, loads what it starts from, and takes an attempt
 * where there is something to do: the attempt first, then a fresh look at what is saved, then the record of where it starts.
 *
 * @throws {JobHeldError} Where another runner has the job.
 * @throws {NothingToResumeError} Where a resume was asked for and nothing is saved.
 * @throws {CheckpointNotFoundError} Where the epoch asked for is not saved.
 * @throws {FencedError} Where another runner has taken the job over since this one took its attempt.
 * @throws {JobChangedError} Where the job is not what it was, and may not go on.
 */
export async function chooseStart(request: RunRequest): Promise<Start> {
  const { checkpoints: { engine }, job, name, params, uploader } = request;
  const early = compile(job, { params, upload: uploader !== undefined });
  await engine.archive.open(name, early.nodes);
  const { takeOver, signal, behind } = request;
  const held = behind === undefined ? await engine.holding.take("run", { takeOver, signal }) : [];
  try {
    engine.attempts.release();
    return await chooseHeld(request, early, held);
  } catch (error) {
    await engine.holding.release();
    throw error;
  }
}

/** Finds it, with the hold of the job. */
async function chooseHeld(
  request: RunRequest,
  early: Program,
  held: readonly string[],
): Promise<Start> {
  const { checkpoints: { engine } } = request;
  const { wanted, warnings } = await engine.archive.wanted(request.from);
  let isTaken = false;
  for (let look = 0; look < MOST_LOOKS; look++) {
    const target = await engine.archive.locate(wanted);
    if (look === 0) await tellOfUnrecorded(request, wanted, target);
    const isNewBranch = wanted === undefined || target?.isBranch === true;
    const unfinished = isNewBranch ? undefined : await findUnfinished(request, target);
    const isCurrent = async () => sameTarget(await engine.archive.locate(wanted), target);
    const start = await startAt(request, target, early, unfinished, isCurrent);
    if (start === undefined) continue;
    if (start.phase === undefined || isFarEnough(start, request)) {
      // What is told to be saved is there to stay, though whoever saved it may have died before its sync.
      if (start.from !== undefined) await settleSaved(await engine.archive.store(), start.from);
      return { ...start, warnings: [...start.warnings, ...warnings] };
    }
    if (!isTaken) {
      const { description, progress: { seed, program } } = start;
      // Who starts again must not take the job back from whoever has taken it over since.
      const own = engine.attempts.current?.number ?? request.behind;
      const behind = request.behind === undefined ? undefined : own;
      const begun = { seed, params: program.params, description };
      await waitForRoom(request, program.plan, () => engine.attempts.begin(begun, behind));
      isTaken = true;
    }
    const now = await engine.archive.locate(wanted);
    const newest = isNewBranch ? undefined : await findUnfinished(request, now);
    if (!sameTarget(now, target) || newest?.attempt !== unfinished?.attempt) {
      engine.attempts.checkNewest(now?.history);
      // What this one has recorded of the job may not be what it goes on with.
      isTaken = false;
      continue;
    }
    const store = await engine.archive.store();
    const history = now?.history ?? await store.history();
    // A fresh start looks at no epoch, and may have been overtaken all the same.
    engine.attempts.checkNewest(history);
    const saved = target === undefined ? undefined : start.progress.branch;
    // An attempt that died before its first save has begun its branch all the same.
    const branch = isNewBranch ? undefined : unfinished?.branch ?? history.branch ?? saved;
    const workBranch = branch ?? engine.attempt;
    // Another job's effects are not repeats, though what it has in common with the one before need not run again.
    start.progress.branch = start.isAnother ? engine.attempt : workBranch;
    const { from, phase, progress: { branch: own, program: { plan, derived } } } = start;
    await waitForRoom(request, plan, () => engine.attempts.recordParent(from, own, history));
    // From now on the attempt tells of it, should it die.
    await engine.holding.noteLoading(undefined);
    // A kill may have come between its commit and the handler.
    if (start.epoch !== undefined) await engine.archive.tellSaved(start.epoch.epoch, "epoch", []);
    const isDerived = from !== undefined && derived.length > 0;
    const beginning = { from, phase, grain: plan.grain, isDerived };
    const stuck = await noProgressWarning(store, history, engine.attempt, beginning);
    const said = stuck === undefined ? held : [...held, stuck];
    return { ...start, workBranch, warnings: [...start.warnings, ...warnings, ...said] };
  }
  throw new Error(
    `Another runner kept changing ${engine.archive.place} while this one tried to start: run one at a time`,
  );
}

/**
 * Starts from a target; nothing where the runner that is to be taken over from has removed it meanwhile,
 * or where it is damaged and was seen while that one was taking over itself.
 */
async function startAt(
  request: RunRequest,
  target: Target | undefined,
  early: Program,
  unfinished: Unfinished | undefined,
  isCurrent: () => Promise<boolean>,
): Promise<Start | undefined> {
  if (target === undefined) return await startAnew(request, early, unfinished);
  try {
    return await goOn(request, target, early, unfinished);
  } catch (error) {
    const isGone = error instanceof CheckpointNotFoundError ||
      (error instanceof DamagedError && !await isCurrent());
    if (!isGone) throw error;
    return undefined;
  }
}

/** Tells of what lies beside the line, and whoever asks for its newest state may have meant, also where the start is refused. */
async function tellOfUnrecorded(
  { checkpoints: { engine }, session: { events } }: RunRequest,
  wanted: EpochRef | "auto" | undefined,
  target: Target | undefined,
): Promise<void> {
  if (wanted === undefined || target?.isNamed === true) return;
  const history = target?.history ?? await (await engine.archive.store()).history();
  for (const message of unrecordedWarnings(history)) {
    events.emit({ type: "notice", level: "warning", message });
  }
}

/** With what the last start from the same place was made, where that saved nothing. */
async function findUnfinished(
  { checkpoints: { engine } }: RunRequest,
  target: Target | undefined,
): Promise<Unfinished | undefined> {
  const store = await engine.archive.store();
  return await readUnfinished(store, target?.history ?? await store.history(), target?.refs.at(-1));
}

async function startAnew(
  request: RunRequest,
  early: Program,
  unfinished: Unfinished | undefined,
): Promise<Start> {
  const { program, seed, notices } = unfinished === undefined
    ? { program: early, seed: request.seed ?? 0, notices: [] }
    : compileAsSaved(request, unfinished);
  await request.session.run(declareBlobs(program, true));
  request.checkpoints.engine.forget();
  const description = describeJob(program, request.sources);
  const before = unfinished?.description;
  const isAnother = unfinished !== undefined &&
    (hasOtherSettings({ program, seed }, unfinished) || isEdited(description, before, "init"));
  return {
    program,
    description,
    progress: new Progress(program, seed, 0),
    mode: "started",
    phase: "init",
    from: undefined,
    epoch: undefined,
    migrations: NO_MIGRATIONS,
    isAnother,
    workBranch: 0,
    notices: [...notices, ...editNotices(description, before)],
    warnings: [],
  };
}

async function goOn(
  request: RunRequest,
  target: Target,
  early: Program,
  unfinished: Unfinished | undefined,
): Promise<Start> {
  const notices: string[] = [];
  const warnings: string[] = [];
  const words = { notices, warnings };
  const loaded = await loadNewestGood(request, target, early, unfinished, warnings);
  const { manifest, recompiled, progress, ended } = loaded;
  const { program, description, isAnother } = recompiled;
  notices.push(...recompiled.notices, ...environmentNotices(manifest));
  const common = {
    ...{ program, description, progress, ...words, mode: "resumed", epoch: loaded.ref } as const,
    from: ended?.ref ?? loaded.ref,
    migrations: ended?.migrations ?? recompiled.migrations,
    workBranch: manifest.run.branch,
  };
  if (progress.stop === undefined) {
    const before = manifest.run.stop;
    if (before !== undefined) {
      notices.push(
        `the job had stopped because ${before} held; under the plan as it is now it goes on`,
      );
    }
    admit(request, recompiled, words);
    return { ...common, phase: "epoch", isAnother: isAnother("epoch") };
  }
  const phase = nextPhase(program, ended?.ref.phase);
  if (phase === undefined && ended !== undefined) {
    sayFinished(recompiled, words);
    return { ...common, mode: "already finished", phase, isAnother: false };
  }
  admit(request, recompiled, words);
  return { ...common, phase, isAnother: isAnother(phase ?? "epoch") };
}

/** The first phase after the last epoch that is still to be run; none where all are done. */
export function nextPhase(program: Program, done?: ManifestRef["phase"]): Phase | undefined {
  const phases = program.end.flatMap((action) => action.do === "record" ? [action.phase] : []);
  const after = END_PHASES.findIndex((phase) => phase === done);
  return phases.find((phase) => END_PHASES.indexOf(phase) > after);
}

/** Whether a job that is to go on with an epoch stands where it was to stop, or beyond. */
function isFarEnough({ phase, progress }: Start, { stopAfterEpoch }: RunRequest): boolean {
  return phase === "epoch" && stopAfterEpoch !== undefined && progress.epoch >= stopAfterEpoch;
}

function sameTarget(a: Target | undefined, b: Target | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.refs.length === b.refs.length && a.isBranch === b.isBranch &&
    a.refs.every((ref, index) => formatRef(ref) === formatRef(b.refs[index] ?? ref));
}

function environmentNotices({ run }: Manifest): readonly string[] {
  const now = environment();
  return (["deno", "arch", "tidemark"] as const)
    .filter((key) => run.environment[key] !== now[key])
    .map((key) =>
      `saved with ${key} ${run.environment[key]}, now ${
        now[key]
      }: what is computed from here on may differ in its last bits; go on with ${key} ${
        run.environment[key]
      } to rule that out`
    );
}
