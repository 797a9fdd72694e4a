/**
 * Runs one task by itself, for users' tests.
 *
 * @module
 */
import type { Task } from "../../dsl/mod.ts";
import { Events, type Observer } from "../events.ts";
import { Cursors } from "../session/cursors.ts";
import { ResourcePool } from "../session/resources.ts";
import type { Scope } from "../session/scope.ts";
import { TaskContext } from "./context.ts";
import { Halt } from "./halt.ts";
import { checkOutput } from "./output.ts";

/** What the task is told of the run around it. */
export interface RunTaskOptions {
  /** The seed of its random numbers; 0 where not given. */
  readonly seed?: number;
  /** The epoch; 1 where not given. */
  readonly epoch?: number;
  /** The node; `main` where not given. */
  readonly node?: string;
  /** Stops it. */
  readonly signal?: AbortSignal;
  /** Is told of what it logs and how far it is. */
  readonly onEvent?: Observer;
}

/**
 * Runs a task's function once with these inputs, and gives what it writes and updates.
 *
 * Blobs that it changes in place are changed in the inputs given, and come back under their keys.
 *
 * @throws {TaskOutputError} Where it returns something other than it declares.
 * @throws {ObserverError} Where `onEvent` throws.
 *
 * @example
 * ```ts
 * import { blob, runTask, task } from "tidemark";
 * import { assertEquals } from "@std/assert";
 *
 * const total = blob<number>("total");
 * const add = task("add", { reads: { total }, writes: { total } })
 *   .run(({ total }, { epoch }) => ({ total: total + epoch }));
 *
 * assertEquals(await runTask(add, { total: 2 }, { epoch: 3 }), { total: 5 });
 * ```
 */
export async function runTask<I, O>(
  task: Task<I, O>,
  inputs: NoInfer<I>,
  options: RunTaskOptions = {},
): Promise<O> {
  const { seed = 0, epoch = 1, node = "main" } = options;
  const signal = options.signal ?? new AbortController().signal;
  const events = new Events();
  if (options.onEvent !== undefined) events.observe(options.onEvent);
  const stopReason = (): unknown => events.failure ?? (signal.aborted ? signal.reason : undefined);
  const scope: Scope = {
    name: task.name,
    ...{ job: task.name, phase: "epoch", epoch, attempt: 1, branch: 1, seed, params: {}, signal },
    ...{ stopReason, events, checkReads: false },
    cursors: new Cursors({ job: task.name, seed }),
    resources: new ResourcePool((param) => param.default, signal),
    saved: () => Promise.reject(new Error("what saved(…) reads is given to runTask as an input")),
  };
  const place = {
    task: task.name,
    id: `${task.name}@${node}`,
    node,
    phase: "epoch",
    epoch,
  } as const;
  const halt = new Halt(stopReason, Infinity);
  const onAbort = (): void => halt.halt(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const context = new TaskContext(scope, place, { index: 0, count: 1 }, 1, halt);
  let isFailed = true;
  return await events.during(async () => {
    try {
      halt.check();
      const values = checkOutput(task, await task.body(inputs as never, context));
      isFailed = false;
      const updated: Record<string, unknown> = {};
      for (const key of Object.keys(task.declaration.updates)) {
        // As in a session: one that is not replaced may come back as `undefined`.
        updated[key] = values[key] ?? (inputs as Record<string, unknown>)[key];
      }
      return { ...values, ...updated } as O;
    } finally {
      signal.removeEventListener("abort", onAbort);
      await context.close(isFailed);
    }
  });
}
