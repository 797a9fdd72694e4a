/**
 * Kills a job at its steps, resumes it, and compares what it ends with.
 *
 * @module
 */
import type { Job, Rng } from "../../dsl/mod.ts";
import type { Program } from "../program.ts";
import { makeRng } from "../rng/rng.ts";
import { messageOf } from "../thrown_text.ts";
import { explainDerived } from "./cause.ts";
import { endsByTheClock, type RunDifference } from "./compare.ts";
import { DrillError, NotResumableError } from "./errors.ts";
import type { Ground, Life, MakeGround } from "./ground.ts";
import { checkSame, differenceFrom, type Reference } from "./judge.ts";
import { someEnds } from "./piece_ends.ts";
import { HungProcessError } from "./time_limit.ts";

/** How a job is drilled. */
export interface DrillPlan {
  /** The job. */
  readonly job: Job;
  /** The job compiled for the params of the drill. */
  readonly program: Program;
  /** How many of its steps it is killed at. */
  readonly kills: number;
  /** The seed by which steps are chosen. */
  readonly sampleSeed: number;
  /** Is told of each trial. */
  readonly onTrial?: (trial: DrillTrial) => void;
}

/** One trial of a drill. */
export interface DrillTrial {
  /** Which one it is, from 1. */
  readonly number: number;
  /** How many there are. */
  readonly of: number;
  /** Where the job was killed, in words; nowhere, where it came to its end before. */
  readonly killedAt: readonly string[];
}

/** What a drill did that found nothing wrong. */
export interface DrillReport {
  /** How many steps an uninterrupted run takes. */
  readonly steps: number;
  /** How many trials there were. */
  readonly trials: number;
  /** How often a process died. */
  readonly kills: number;
}

/** The most starts of one trial: the job must come to its end by then. */
const MOST_STARTS = 10;
/** In each so many-th trial the resumed run is killed too. */
const TWICE_EVERY = 3;

/**
 * Runs a job twice uninterrupted and then killed at its steps, and compares what the runs saved and hold.
 *
 * @param more What else is to be compared with the first run.
 * @throws {DrillError} Where it fails uninterrupted, or each run has ended before it is killed.
 * @throws {NotResumableError} Where a run ends otherwise than the first, or cannot be resumed.
 */
export async function drill(
  plan: DrillPlan,
  make: MakeGround,
  more: (reference: Reference) => Promise<void> = () => Promise.resolve(),
): Promise<DrillReport> {
  await using base = await make({ keepAll: true });
  const first = await base.live({ isFirst: true });
  if (first.failure !== undefined) throw failedAlone(plan, first.failure);
  const reference = { base, life: first };
  await checkRepeats(plan, reference, make);

  const rng = makeRng({
    ...{ seed: plan.sampleSeed, job: plan.job.name, phase: "drill", epoch: 0 },
    ...{ task: "drill", node: "", name: "steps" },
  });
  const steps = sample(first, plan.kills, rng);
  let kills = 0;
  for (const [index, dieAt] of steps.entries()) {
    const again = index % TWICE_EVERY === TWICE_EVERY - 1 ? 1 + rng.int(first.steps) : undefined;
    const killedAt = await tryKilled(plan, reference, make, [dieAt, again]);
    kills += killedAt.length;
    plan.onTrial?.({ number: index + 1, of: steps.length, killedAt });
  }
  if (kills === 0) {
    throw new DrillError(
      `Job "${plan.job.name}" was not killed once: each run had ended before its kill, at step ` +
        `${steps.join(", ")} of ${first.steps}. Try again with more kills`,
    );
  }
  await more(reference);
  return { steps: first.steps, trials: steps.length, kills };
}

async function checkRepeats(
  plan: DrillPlan,
  reference: Reference,
  make: MakeGround,
): Promise<void> {
  await using other = await make({ keepAll: true });
  const life = await other.live({ isFirst: true });
  if (life.failure !== undefined) throw failedAlone(plan, life.failure);
  await checkSame(reference, {
    ...{ job: plan.job, program: plan.program, ground: other, lives: [life] },
    ...{ kind: "both uninterrupted", how: "run a second time" },
    otherwise:
      `Job "${plan.job.name}" does not end with the same values when it is run twice, though ` +
      `nobody kills it.`,
  });
}

/** One trial: kills the job at some steps, resumes it to its end, and compares. */
async function tryKilled(
  plan: DrillPlan,
  reference: Reference,
  make: MakeGround,
  dieAt: readonly (number | undefined)[],
): Promise<readonly string[]> {
  // Where the clock ends the job, another run may have gone on past all that the plan keeps of this one.
  await using ground = await make({ keepAll: endsByTheClock(plan.program) });
  const { killedAt, lives } = await liveToTheEnd(plan, ground, dieAt);
  const how = killedText(killedAt);
  await checkSame(reference, {
    ...{ job: plan.job, program: plan.program, ground, lives, kind: "one killed", how },
    otherwise: `Job "${plan.job.name}", ${how}, does not end as one that nobody kills.`,
    findEarlier: () => findEarlier(plan, reference, make, dieAt),
  });
  return killedAt;
}

/** The first difference of the same trial where all epochs are kept, if it comes again. */
async function findEarlier(
  plan: DrillPlan,
  reference: Reference,
  make: MakeGround,
  dieAt: readonly (number | undefined)[],
): Promise<RunDifference | undefined> {
  await using ground = await make({ keepAll: true });
  await liveToTheEnd(plan, ground, dieAt);
  return await differenceFrom(reference, { ground, program: plan.program });
}

async function liveToTheEnd(
  plan: DrillPlan,
  ground: Ground,
  dieAt: readonly (number | undefined)[],
): Promise<{ readonly killedAt: readonly string[]; readonly lives: readonly Life[] }> {
  const lives: Life[] = [];
  const killedAt: string[] = [];
  for (let start = 0; start < MOST_STARTS; start++) {
    const step = dieAt[start];
    const hasSaved = (await (await ground.open()).history()).line.length > 0;
    const life = await ground.live({
      isFirst: !hasSaved,
      ...step === undefined ? {} : { dieAt: step },
    });
    lives.push(life);
    if (life.isDead) killedAt.push(life.lastStep);
    else if (life.failure === undefined) return { killedAt, lives };
    else {
      const why = explainDerived(life.failure, lives, plan.program);
      throw new NotResumableError(
        `Job "${plan.job.name}", ${killedText(killedAt)}, cannot be gone on with: ${
          messageOf(life.failure)
        }${why === undefined ? "" : `\n${why}`}`,
        { cause: life.failure },
      );
    }
  }
  throw new NotResumableError(`Job "${plan.job.name}" does not end after ${MOST_STARTS} starts`);
}

/**
 * Steps to die at: all, or as many as wanted. Up to half of them, and one at least, are ends of tasks of which
 * pieces are recorded; of the others each lies somewhere in its share of all steps.
 */
function sample({ steps, pieceEnds }: Life, wanted: number, rng: Rng): readonly number[] {
  if (steps <= wanted) return Array.from({ length: steps }, (_, index) => index + 1);
  const ends = someEnds(pieceEnds, Math.max(1, Math.floor(wanted / 2)), rng);
  const rest = wanted - ends.length;
  const spread = Array.from(
    { length: rest },
    (_, index) => 1 + Math.floor((index + rng()) * steps / rest),
  );
  return [...ends, ...spread].toSorted((a, b) => a - b);
}

function killedText(killedAt: readonly string[]): string {
  return killedAt.length === 0 ? "not killed" : `killed at "${killedAt.join('" and at "')}"`;
}

function failedAlone({ job }: DrillPlan, failure: unknown): DrillError {
  const what = failure instanceof HungProcessError ? "does not end in time" : "fails";
  return new DrillError(
    `Job "${job.name}" ${what} also where nobody kills it: ${messageOf(failure)}`,
    { cause: failure },
  );
}
