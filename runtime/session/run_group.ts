/**
 * Runs a group laid out: each step as soon as all it waits for has ended.
 *
 * @module
 */
import type { PlacedStep } from "../../dsl/layout.ts";
import type { When } from "../../dsl/mod.ts";
import { AliasedValueError, type TaskEntry, UnsupportedValueError } from "../../storage/mod.ts";
import { StoppedError, TaskError } from "../errors.ts";
import { Halt, unresponsiveIn } from "../task/halt.ts";
import type { Tally } from "../journal/recorded.ts";
import { placeOf, runTask, type TaskStep } from "../task/run_task.ts";
import { messageOf } from "../thrown_text.ts";
import { Copies } from "./copies.ts";
import { holds, type Source } from "./read.ts";
import type { ReadyGroup } from "./ready_group.ts";
import type { Scope } from "./scope.ts";
import type { Workspace } from "./workspace.ts";

/** What a group runs in. */
export interface GroupHost {
  /** A node's blobs. */
  readonly workspace: (node: string) => Workspace;
  /** How long a task that was told to end may take to do so, in milliseconds. */
  readonly graceMs: number;
  /** How many tasks run at once. */
  readonly concurrency: number;
}

/**
 * Runs a group. One failing task stops the others, and nothing runs when this settles.
 *
 * @throws {TaskError} What the first task to fail threw.
 * @throws {UnresponsiveTaskError} Where a task went on past the grace period; then it may still run.
 */
export async function runGroup(group: ReadyGroup, scope: Scope, host: GroupHost): Promise<void> {
  for (const { node, blob } of group.scratch) {
    await host.workspace(node).initialize((declared) => declared === blob);
  }
  const copies = new Copies();
  const before = new Map<string, unknown>();
  for (const { node, blob, copy } of group.before) {
    const workspace = host.workspace(node);
    if (!workspace.has(blob.name)) continue;
    await workspace.arrive(blob.name);
    const value = workspace.get(blob.name);
    before.set(`${node}/${blob.name}`, copy ? await copies.make(blob, value) : value);
  }
  const halt = new Halt(scope.stopReason, host.graceMs);
  const onAbort = (): void => halt.halt(scope.stopReason() ?? scope.signal.reason);
  if (scope.signal.aborted) onAbort();
  scope.signal.addEventListener("abort", onAbort, { once: true });
  const { phase, epoch } = scope;
  let isStuck = false;
  try {
    const journal = await scope.journal?.group(group.steps, scope);
    if (journal !== undefined) tellReused(journal.reused, scope);
    const source = { scope, workspace: host.workspace, before, copies, journal };
    await new GroupRun(group, source, halt, host.concurrency).run();
    scope.journal?.ended(phase, epoch);
  } catch (error) {
    isStuck = unresponsiveIn(error) !== undefined;
    throw error;
  } finally {
    halt.close();
    scope.signal.removeEventListener("abort", onAbort);
    const nodes = new Set(group.steps.map((step) => step.node));
    // A task that may still be running may still use what it was given.
    if (!isStuck) copies.release([...nodes].map(host.workspace));
    for (const { node, blob } of group.scratch) host.workspace(node).drop(blob.name);
  }
}

function tellReused({ tasks, pieces }: Tally, { phase, epoch, events }: Scope): void {
  if (tasks + pieces === 0) return;
  const where = phase === "epoch" ? `epoch ${epoch}` : phase;
  const again = tasks === 1
    ? "1 task had finished then, and does not run again"
    : `${tasks} tasks had finished then, and do not run again`;
  const known = `of unfinished tasks ${
    pieces === 1 ? "1 piece" : `${pieces} pieces`
  } had finished, and what is asked for again as it was does not run again`;
  const what = [...tasks > 0 ? [again] : [], ...pieces > 0 ? [known] : []].join("; ");
  const message = `${where} goes on where it ended: ${what}`;
  events.emit({ type: "notice", level: "info", message });
}

class GroupRun {
  readonly #waits: Int32Array;
  readonly #ready: number[] = [];
  readonly #isOpen = new Map<number, boolean>();
  #running = 0;
  #left: number;
  #error: unknown;
  #isFailed = false;
  #settle: () => void = () => {};
  #isPumping = false;

  constructor(
    readonly group: ReadyGroup,
    readonly source: Source,
    readonly halt: Halt,
    readonly concurrency: number,
  ) {
    this.#left = group.steps.length;
    this.#waits = new Int32Array(this.#left);
    for (const { index, dependsOn } of group.steps) {
      this.#waits[index] = dependsOn.length;
      if (dependsOn.length === 0) this.#ready.push(index);
    }
    // What cannot be recorded must not go on being done, and paid for.
    source.scope.journal?.writer.onFailure((failure) => this.#fail(failure));
  }

  async run(): Promise<void> {
    if (this.#left > 0) {
      await new Promise<void>((resolve) => {
        this.#settle = resolve;
        this.#pump();
      });
    }
    if (this.#isFailed) throw this.#error;
  }

  /** Starts what can start; settles when nothing runs and nothing can. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    let next = 0;
    while (next < this.#ready.length && !this.#isFailed && this.#running < this.concurrency) {
      const index = this.#ready[next++] ?? 0;
      if (this.#isStopped()) break;
      this.#start(index);
    }
    this.#ready.splice(0, next);
    this.#isPumping = false;
    if (this.#running === 0 && (this.#isFailed || this.#left === 0)) this.#settle();
  }

  #isStopped(): boolean {
    try {
      this.halt.check();
      return false;
    } catch (reason) {
      this.#fail(reason);
      return true;
    }
  }

  #start(index: number): void {
    this.#running++;
    const step = this.group.steps[index];
    const task = this.group.tasks[index];
    const isPlain = task !== undefined && step?.gates.length === 0 && !task.derives &&
      this.source.journal?.isFine !== true;
    const run = isPlain ? runTask(task, this.source, this.halt) : this.#runStep(index);
    run.then(
      () => this.#done(index),
      (error: unknown) => {
        this.#running--;
        this.#fail(error);
        this.#pump();
      },
    );
  }

  #done(index: number): void {
    this.#running--;
    this.#left--;
    for (const next of this.group.dependents[index] ?? []) {
      const waits = (this.#waits[next] ?? 0) - 1;
      this.#waits[next] = waits;
      if (waits === 0) this.#ready.push(next);
    }
    this.#pump();
  }

  #fail(error: unknown): void {
    // What may still be running matters more than what failed first.
    if (!this.#isFailed || unresponsiveIn(error) !== undefined) this.#error = error;
    if (this.#isFailed) return;
    this.#isFailed = true;
    this.halt.halt(error instanceof StoppedError ? error : new SiblingFailedError(error));
  }

  async #runStep(index: number): Promise<void> {
    const step = this.group.steps[index];
    const task = this.group.tasks[index];
    if (step === undefined || step.kind === "barrier") return;
    const isOpen = step.gates.every((gate) => this.#isOpen.get(gate) === true);
    const { journal } = this.source;
    const entry = isOpen ? journal?.entryOf(index) : undefined;
    if (step.condition !== undefined) {
      const { cursors } = this.source.scope;
      if (entry?.kind === "gate") journal?.reopen(step, entry, cursors);
      const holds = entry?.kind === "gate"
        ? entry.isOpen
        : isOpen && await this.#judge(step, step.condition);
      this.#isOpen.set(index, holds);
      if (isOpen && entry === undefined) {
        await journal?.judged(step, step.condition, holds, cursors);
      }
    } else if (task !== undefined) {
      if (entry?.kind === "task") return await this.#restore(task, entry);
      if (isOpen) return await this.#runTask(task);
      const { phase, epoch, events } = this.source.scope;
      const { id, node } = step;
      events.emit({ type: "task-skipped", task: task.task.name, id, node, phase, epoch });
      if (task.derives) await this.#derived(task);
    }
  }

  async #runTask(ready: TaskStep): Promise<void> {
    const { source } = this;
    const { step, task } = ready;
    const hasRun = await runTask(ready, source, this.halt);
    const { scope: { cursors, epoch, attempt } } = source;
    try {
      if (ready.derives) await this.#derived(ready);
      await source.journal?.finished(step, task, hasRun, source.workspace(step.node), cursors);
    } catch (error) {
      const isValues = error instanceof UnsupportedValueError ||
        error instanceof AliasedValueError;
      if (!isValues) throw error;
      const site = { task: step.id, node: step.node, epoch, attempt, try: 1 };
      const what = ready.derives ? "told from another value" : "saved";
      throw new TaskError(site, `what it returned cannot be ${what}: ${error.message}`, {
        cause: error,
      });
    }
  }

  /** Compares derived blobs with what they were, before any other task reads them. */
  async #derived(ready: TaskStep): Promise<void> {
    const { source } = this;
    const { step, task } = ready;
    const workspace = source.workspace(step.node);
    const place = placeOf(ready, source);
    await source.scope.derived?.written({ step, task, place, workspace, journal: source.journal });
  }

  /** Takes what a task has written before the run was killed. */
  async #restore({ step, task }: TaskStep, entry: TaskEntry): Promise<void> {
    const { scope, workspace, journal } = this.source;
    const { phase, epoch, events, cursors } = scope;
    await journal?.restore(step, entry, workspace(step.node), cursors);
    events.emit({
      type: "task-reused",
      task: task.name,
      id: step.id,
      node: step.node,
      phase,
      epoch,
    });
  }

  async #judge({ id, node }: PlacedStep, condition: When): Promise<boolean> {
    try {
      return await holds(this.source, condition, node);
    } catch (error) {
      const { epoch, attempt } = this.source.scope;
      const what = `the condition of a group failed: ${messageOf(error)}`;
      throw new TaskError({ task: id, node, epoch, attempt, try: 1 }, what, { cause: error });
    }
  }
}

/** Why a task was told to end: another one of its group failed. */
class SiblingFailedError extends Error {
  override readonly name: string = "SiblingFailedError";

  constructor(cause: unknown) {
    super("another task of the group failed", { cause });
  }
}
