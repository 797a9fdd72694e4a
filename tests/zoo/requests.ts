/**
 * Checks what killed and resumed jobs asked of a server that keeps every request and removes no double.
 *
 * A request is repeated only where a kill cut its phase short, and with task grain only where its result
 * was not given yet; and then under the same key.
 */

import { fail } from "../crash/check.ts";
import type { Killed } from "../crash/harness.ts";
import { answerOf } from "../jobs/server.ts";

/** One request. */
export interface Request {
  /** Which run, or trial, asked. */
  readonly by: string;
  /** What it asked for: its phase, its epoch, and what that is; `epoch/3/sum`. */
  readonly what: string;
  /** Which try of its task it was, where that is told. */
  readonly query: string;
  /** Its idempotency key. */
  readonly key: string;
}

/** Reads a line of the server, as `/trial/epoch/3/sum?try=1 key`. */
export function parseRequest(line: string): Request {
  const match = /^\/([^/]+)\/([^ ?]+)(\S*) (.*)$/.exec(line);
  if (match === null) throw new Error(`The server said "${line}"`);
  const [, by = "", what = "", query = "", key = ""] = match;
  return { by, what, query, key };
}

/** How often each call may have been asked at most, by its phase and what it is. */
export type Bound = (call: Pick<Request, "what" | "query">) => number;

/** The bound at epoch grain: once, and again for each kill that cut the call's phase short. */
export function boundByEpoch({ inFlight }: Pick<Killed, "inFlight">): Bound {
  return ({ what }) => 1 + inFlight.filter((phase) => phase === phaseOf(what)).length;
}

/**
 * The bound at task grain: once for each run of its phase, up to the run in which the task got its
 * result and said so.
 */
export function boundByPiece({ runs }: Pick<Killed, "runs">): Bound {
  return ({ what, query }) => {
    const answered = runs.findIndex((lines) =>
      lines.some((line) => line.type === "log" && line.message === answerOf(`${what}${query}`))
    );
    const asking = answered < 0 ? runs : runs.slice(0, answered + 1);
    return asking.filter((lines) =>
      lines.some((line) =>
        line.type === "phase-started" && `${line.phase} ${line.epoch}` === phaseOf(what)
      )
    ).length;
  };
}

function phaseOf(what: string): string {
  return what.split("/").slice(0, 2).join(" ");
}

/**
 * Checks the requests of one trial against those of the uninterrupted run.
 *
 * @returns How many were repeats.
 */
export function checkRequests(
  found: readonly Request[],
  reference: readonly Request[],
  bound: Bound,
): number {
  checkKeys(found, reference);
  const counts = countsOf(found);
  for (const call of countsOf(reference).keys()) {
    if (!counts.has(call)) fail(`"${call}" was never asked`);
  }
  let repeats = 0;
  for (const [call, { request, count }] of counts) {
    const most = bound(request);
    if (count > most) fail(`"${call}" was asked ${count} times, of which kills explain ${most}`);
    repeats += count - 1;
  }
  return repeats;
}

/** Checks that each call has one key, whoever repeats it, and that no other call has it. */
function checkKeys(found: readonly Request[], reference: readonly Request[]): void {
  const wanted = new Map(reference.map(({ what, key }) => [what, key]));
  const keys = new Map<string, string>();
  for (const { what, key } of found) {
    const known = keys.get(what) ?? key;
    if (known !== key) fail(`"${what}" was asked under the key ${key}, and before under ${known}`);
    keys.set(what, key);
    // A kill before anything ran lets the branch begin with a later attempt.
    if (withoutBranch(key) === withoutBranch(wanted.get(what) ?? "")) continue;
    fail(`"${what}" was asked under the key ${key}, and never killed under ${wanted.get(what)}`);
  }
  if (new Set(keys.values()).size !== keys.size) fail("two different calls have one key");
  const branches = new Set([...keys.values()].map((key) => key.split(":")[1]));
  if (branches.size > 1) fail(`keys are of the branches ${[...branches].join(" and ")}`);
}

function withoutBranch(key: string): string {
  const [job, , ...rest] = key.split(":");
  return [job, ...rest].join(":");
}

function countsOf(
  requests: readonly Request[],
): ReadonlyMap<string, { readonly request: Request; count: number }> {
  const counts = new Map<string, { readonly request: Request; count: number }>();
  for (const request of requests) {
    const call = `${request.what}${request.query}`;
    const known = counts.get(call);
    if (known === undefined) counts.set(call, { request, count: 1 });
    else known.count++;
  }
  return counts;
}
