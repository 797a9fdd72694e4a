/**
 * Runs one task: its condition, its tries, what it may return.
 *
 * @module
 */
import type { PlacedStep } from "../../dsl/layout.ts";
import type { AnyBlob, AnyTask } from "../../dsl/mod.ts";
import { parseDuration } from "../../dsl/mod.ts";
import { monotonicMs } from "../clock.ts";
import { NO_TIME } from "../derived/no_time.ts";
import { derives } from "../derived/steps.ts";
import { AliasedUpdateError, TaskError, type TaskSite, UnresponsiveTaskError } from "../errors.ts";
import type { TaskPlace } from "../events.ts";
import { arrive, holds, isLate, readInputs, type Source } from "../session/read.ts";
import { UncaughtError } from "../uncaught_error.ts";
import { copyBlob, disposeBlob, type Workspace } from "../session/workspace.ts";
import { endedWith } from "./consequence.ts";
import { TaskContext } from "./context.ts";
import { runAsTry } from "./current_try.ts";
import type { Halt } from "./halt.ts";
import { messageOf } from "../thrown_text.ts";
import { checkOutput, setOutputs } from "./output.ts";
import { ReadCheck } from "./read_check.ts";
import { tellFailed, tellFailedLate } from "./tell.ts";
import { backoffMs, isThenable, sleep } from "./turn.ts";

/** A task of a group on its node, ready to run many times. */
export interface TaskStep {
  /** Where it stands. */
  readonly step: PlacedStep;
  /** The task. */
  readonly task: AnyTask;
  /** What it changes in place. */
  readonly updates: readonly AnyBlob[];
  /** Whether what it writes is derived, so that it runs again on a resume. */
  readonly derives: boolean;
  /** How long a try may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How many tries there are. */
  readonly attempts: number;
}

/** Makes a step ready. */
export function prepareTask(step: PlacedStep, task: AnyTask): TaskStep {
  const { timeout, retry, updates } = task.declaration;
  return {
    step,
    task,
    updates: Object.values(updates).flat(),
    derives: derives(step),
    timeoutMs: timeout === undefined ? Infinity : parseDuration(timeout),
    attempts: retry?.attempts ?? 1,
  };
}

/**
 * Runs a task on its node, and sets what it writes.
 *
 * @returns Whether it ran; not where its condition does not hold.
 * @throws {TaskError} Where its last try fails; the cause is what it threw.
 */
export function runTask(prepared: TaskStep, source: Source, group: Halt): Promise<boolean> {
  const { step, task, attempts } = prepared;
  const place = placeOf(prepared, source);
  const isPlain = task.declaration.if === undefined && attempts === 1 &&
    !isLate(source, step.reads);
  if (!isPlain) return runGuarded(prepared, source, place, group);
  touchWrites(prepared, source);
  return runTries(prepared, source, place, group, undefined);
}

/** Runs a task that may be skipped, or tried again from the same state, or whose inputs are still to be read. */
async function runGuarded(
  prepared: TaskStep,
  source: Source,
  place: TaskPlace,
  group: Halt,
): Promise<boolean> {
  const { step, task, attempts } = prepared;
  const { scope } = source;
  const condition = task.declaration.if;
  let kept: Kept | undefined;
  try {
    if (condition !== undefined && !await holds(source, condition, step.node)) {
      scope.events.emit({ type: "task-skipped", ...place });
      return false;
    }
    await arrive(source, step.reads);
    touchWrites(prepared, source);
    if (attempts > 1 && task.declaration.retry?.restore !== false) {
      kept = await keepUpdates(prepared, source);
    }
  } catch (error) {
    tellFailed(scope.events, place, 1, error, undefined);
    throw new TaskError(siteOf(prepared, source, 1), messageOf(error), { cause: error });
  }
  try {
    return await runTries(prepared, source, place, group, kept);
  } finally {
    kept?.release();
  }
}

function touchWrites({ step }: TaskStep, source: Source): void {
  const workspace = source.workspace(step.node);
  for (const write of step.writes) workspace.touch(write.blob.name);
}

/**
 * What is changed in place under one name must not change under another, undeclared and unsaved. What
 * blobs are is always compared; what is inside them, where reads are compared too.
 */
function checkNotShared({ updates }: TaskStep, workspace: Workspace, isDeep: boolean): void {
  const isOther = (name: string): boolean => !updates.some((blob) => blob.name === name);
  for (const { name } of updates) {
    const other = workspace.sharing(name);
    if (other !== undefined && isOther(other)) {
      throw new AliasedUpdateError(
        `it updates blob "${name}", which is the same object as blob "${other}": ${LET_COPY}`,
      );
    }
    const places = isDeep ? workspace.sharedWithin(name, isOther) : undefined;
    if (places === undefined) continue;
    const [here, there] = places;
    throw new AliasedUpdateError(
      `it updates blob "${name}", and ${here} shares memory with ${there}: ${LET_COPY}`,
    );
  }
}

const LET_COPY = "a task returned one as the other, or in it; let it return a copy, as " +
  "structuredClone(…) makes";

async function runTries(
  prepared: TaskStep,
  source: Source,
  place: TaskPlace,
  group: Halt,
  kept: Kept | undefined,
): Promise<boolean> {
  const { timeoutMs } = prepared;
  const { events } = source.scope;
  for (let number = 1;; number++) {
    if (events.isHeard) events.emit({ type: "task-started", ...place, try: number });
    try {
      if (events.failure !== undefined) group.check();
      const durationMs = await runTry(prepared, source, place, number, group);
      if (durationMs > timeoutMs) {
        events.emit({ type: "task-overran", ...place, durationMs, timeoutMs });
      }
      if (events.isHeard) events.emit({ type: "task-finished", ...place, durationMs });
      return true;
    } catch (error) {
      const waitMs = nextTryMs(prepared, number, error, group);
      tellFailed(events, place, number, error, waitMs);
      if (waitMs === undefined) {
        if (group.isHalted && error === group.reason) throw error;
        throw new TaskError(siteOf(prepared, source, number), messageOf(error), { cause: error });
      }
      await sleep(waitMs, group.signal);
    }
    await kept?.restore();
  }
}

/** The wait before another try; none where there is to be none. */
function nextTryMs(
  { task, attempts }: TaskStep,
  number: number,
  error: unknown,
  group: Halt,
): number | undefined {
  const { retry } = task.declaration;
  if (number >= attempts || group.isHalted || error instanceof UnresponsiveTaskError) {
    return undefined;
  }
  if (retry?.if?.(error) === false) return undefined;
  const delayMs = retry?.delay === undefined ? 0 : parseDuration(retry.delay);
  const maxDelayMs = retry?.maxDelay === undefined ? Infinity : parseDuration(retry.maxDelay);
  return backoffMs(delayMs, maxDelayMs, number + 1);
}

/** Reads what a task needs, and runs it once; gives how long it took from then on, in milliseconds. */
async function runTry(
  prepared: TaskStep,
  source: Source,
  place: TaskPlace,
  number: number,
  group: Halt,
): Promise<number> {
  const { step, task, timeoutMs } = prepared;
  checkNotShared(prepared, source.workspace(step.node), source.scope.checkReads);
  const read = readInputs(source, task, step.node);
  // A resource opens for all who need it: neither does its time count as the task's, nor its deafness.
  const inputs = isThenable(read) ? await group.unlessHalted(read) : read;
  const started = monotonicMs();
  const halt = group.child(timeoutMs);
  try {
    await runBody(prepared, source, place, number, halt, group, inputs);
    return monotonicMs() - started;
  } finally {
    halt.release();
  }
}

async function runBody(
  prepared: TaskStep,
  source: Source,
  place: TaskPlace,
  number: number,
  halt: Halt,
  group: Halt,
  inputs: Record<string, unknown>,
): Promise<void> {
  const { step, task, timeoutMs } = prepared;
  const scope = prepared.derives ? { ...source.scope, ...NO_TIME } : source.scope;
  const context = new TaskContext(scope, place, step.replica, number, halt, source.journal);
  if (timeoutMs < Infinity) group.deadlines.add(halt);
  let isFailed = true;
  try {
    const check = scope.checkReads ? new ReadCheck(task, step.node, inputs) : undefined;
    const body = task.body as (inputs: unknown, context: unknown) => unknown;
    const given = timeoutMs < Infinity
      ? runAsTry(halt, () => body(inputs, context))
      : body(inputs, context);
    const tellLate = (late: unknown): void => tellFailedLate(scope.events, place, late);
    const output = isThenable(given) ? await halt.settle(given, task.name, tellLate) : given;
    // What never asked whether it is to end has come to its own end; where that is recorded, it counts,
    // unless it may have failed where nobody awaits it.
    const isWhole = source.journal?.isFine === true && !halt.isAsked &&
      halt.reason === group.reason && !(halt.reason instanceof UncaughtError);
    if (halt.isHalted && !isWhole) throw halt.reason;
    check?.compare();
    const values = checkOutput(task, output);
    isFailed = false;
    if (!context.isIdle) await context.close(false);
    setOutputs(task, source.workspace(step.node), values);
  } catch (error) {
    if (isFailed) await context.close(true);
    const isTold = halt.isHalted && !(error instanceof UnresponsiveTaskError);
    throw isTold ? endedWith(halt.reason, error) : error;
  } finally {
    if (timeoutMs < Infinity) group.deadlines.delete(halt);
  }
}

/** Copies of what a task updates. */
interface Kept {
  /** Puts them back, as often as wanted. */
  readonly restore: () => Promise<void>;
  /** Frees them. */
  readonly release: () => void;
}

async function keepUpdates(prepared: TaskStep, source: Source): Promise<Kept> {
  const workspace = source.workspace(prepared.step.node);
  const copies: [AnyBlob, unknown][] = [];
  for (const blob of prepared.updates) {
    if (workspace.has(blob.name)) {
      copies.push([blob, await copyBlob(blob, workspace.get(blob.name))]);
    }
  }
  return {
    restore: async () => {
      for (const [blob, copy] of copies) {
        const fresh = await copyBlob(blob, copy);
        workspace.drop(blob.name);
        workspace.set(blob.name, fresh);
      }
    },
    release: () => {
      for (const [blob, copy] of copies) disposeBlob(blob, copy);
    },
  };
}

/** Where events say that a task runs. */
export function placeOf({ step, task }: TaskStep, { scope }: Source): TaskPlace {
  return { task: task.name, id: step.id, node: step.node, phase: scope.phase, epoch: scope.epoch };
}

function siteOf({ task, step }: TaskStep, { scope }: Source, number: number): TaskSite {
  const { epoch, attempt } = scope;
  return { task: task.name, node: step.node, epoch, attempt, try: number };
}
