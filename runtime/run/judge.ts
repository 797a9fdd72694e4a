/**
 * Judges a run's stop conditions on what a session holds now.
 *
 * @module
 */
import { tokensOf } from "../../dsl/access.ts";
import { type CursorRef, paramValue } from "../../dsl/mod.ts";
import type { ForeseenStop } from "../conditions.ts";
import type { Program } from "../program.ts";
import { Copies } from "../session/copies.ts";
import { ResourcePool } from "../session/resources.ts";
import type { Scope } from "../session/scope.ts";
import type { Session } from "../session/session.ts";
import type { Progress } from "./state.ts";

/** The first stop condition that holds, in words; `undefined` where none does. */
export function judge(session: Session, progress: Progress): Promise<string | undefined> {
  return session.run({
    kind: "checkpoint",
    name: "judge",
    nodes: [],
    perform: async ({ workspace, signal }) => {
      const scope = conditionScope(session, progress, signal);
      const copies = new Copies();
      const source = { scope, workspace, before: new Map<string, unknown>(), copies };
      const { epoch, elapsedMs, cursors } = progress;
      const cursorNodes = (cursor: CursorRef<unknown>) => nodesReading(progress.program, cursor);
      try {
        return await progress.conditions.judge({ source, epoch, elapsedMs, cursors, cursorNodes });
      } finally {
        copies.release([]);
      }
    },
  });
}

/** What can be told of a run's stop conditions without its blobs, after an epoch that was saved. */
export function foreseeStop(progress: Progress): ForeseenStop {
  const { program, epoch, elapsedMs, cursors } = progress;
  // As at a fresh start, none is judged before the first epoch.
  if (epoch === 0) return { holds: undefined, open: [] };
  const cursorNodes = (cursor: CursorRef<unknown>) => nodesReading(program, cursor);
  const known = { epoch, elapsedMs, cursors, cursorNodes, params: program.params };
  return progress.conditions.foresee(known);
}

/** The nodes on which tasks of the epoch group read a cursor, whether or not they have yet. */
function nodesReading({ groups }: Program, cursor: CursorRef<unknown>): ReadonlySet<string> {
  const readers = groups.epoch.steps.filter(({ task }) =>
    task !== undefined && tokensOf(task.declaration.reads).includes(cursor)
  );
  return new Set(readers.map(({ node }) => node));
}

/** What conditions know of the run: they read blobs and params, and nothing else. */
function conditionScope(session: Session, progress: Progress, signal: AbortSignal): Scope {
  const { program, epoch, seed, branch, cursors } = progress;
  return {
    name: program.job,
    ...{ job: program.job, phase: "epoch", epoch, attempt: 0, branch, seed, signal, cursors },
    params: program.params,
    stopReason: () => undefined,
    resources: new ResourcePool((param) => paramValue(param, program.params), signal),
    saved: () => Promise.reject(new Error("a stop condition cannot read saved epochs")),
    events: session.events,
    checkReads: false,
  };
}
