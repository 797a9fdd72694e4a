/**
 * Checks what killed and resumed jobs asked of a server that keeps every request and removes no double.
 *
 * A request is repeated only where a kill cut its phase short, and then under the same key.
 */

import { fail } from "../crash/check.ts";
import type { Killed } from "../crash/harness.ts";

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

/**
 * Checks the requests of one trial against those of the uninterrupted run.
 *
 * @returns How many were repeats.
 */
export function checkRequests(
  found: readonly Request[],
  reference: readonly Request[],
  { inFlight }: Pick<Killed, "inFlight">,
): number {
  checkKeys(found, reference);
  const wanted = countsOf(reference);
  const counts = countsOf(found);
  for (const call of wanted.keys()) if (!counts.has(call)) fail(`"${call}" was never asked`);
  let repeats = 0;
  for (const [call, count] of counts) {
    const [phase, epoch] = call.split("/");
    const most = (wanted.get(call) ?? 0) +
      inFlight.filter((one) => one === `${phase} ${epoch}`).length;
    if (count > most) {
      fail(`"${call}" was asked ${count} times, though kills in ${inFlight} explain only ${most}`);
    }
    repeats += count - (wanted.get(call) ?? 0);
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

function countsOf(requests: readonly Request[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { what, query } of requests) {
    const call = `${what}${query}`;
    counts.set(call, (counts.get(call) ?? 0) + 1);
  }
  return counts;
}
