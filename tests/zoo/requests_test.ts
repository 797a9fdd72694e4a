/** The check of requests: what it lets pass and what it does not. */

import { assertEquals, assertThrows } from "@std/assert";
import { CrashCheckError } from "../crash/check.ts";
import type { Line } from "../crash/lines.ts";
import { answerOf } from "../jobs/server.ts";
import {
  boundByEpoch,
  boundByPiece,
  checkRequests,
  parseRequest,
  type Request,
} from "./requests.ts";

const reference = requests("init/0/open j:1:a", "epoch/1/pay?try=1 j:1:b", "epoch/2/pay j:1:c");

function requests(...lines: string[]): Request[] {
  return lines.map((line) => parseRequest(`/trial-1/${line}`));
}

function check(found: readonly Request[], ...inFlight: string[]): number {
  return checkRequests(found, reference, boundByEpoch({ inFlight }));
}

Deno.test("a request is read from what the server says", () => {
  const [, request] = reference;
  assertEquals(request, { by: "trial-1", what: "epoch/1/pay", query: "?try=1", key: "j:1:b" });
  assertThrows(() => parseRequest("127.0.0.1:80"), Error, "said");
});

Deno.test("repeats of a phase that was cut short pass, and are counted", () => {
  const found = [...reference, ...requests("epoch/2/pay j:1:c", "epoch/2/pay j:1:c")];
  assertEquals(check(reference), 0);
  assertEquals(check(found, "epoch 2", "epoch 2"), 2);
});

Deno.test("other repeats, keys and calls do not pass", () => {
  const wrong: [string[], string[], string][] = [
    [["epoch/2/pay j:1:c"], [], "was asked 2 times"],
    [["epoch/2/pay j:1:c"], ["epoch 1"], "was asked 2 times"],
    [["epoch/2/pay j:1:c", "epoch/2/pay j:1:c"], ["epoch 2"], "kills explain 2"],
    [["epoch/2/pay j:2:c"], ["epoch 2"], "under the key j:2:c, and before under j:1:c"],
    [["epoch/3/pay j:1:d"], ["epoch 3"], "and never killed under undefined"],
  ];
  for (const [more, inFlight, said] of wrong) {
    const found = [...reference, ...requests(...more)];
    assertThrows(() => check(found, ...inFlight), CrashCheckError, said);
  }
  assertThrows(() => check(reference.slice(1)), CrashCheckError, "never asked");
});

Deno.test("with task grain a call that was answered passes no more, wherever the kill was", () => {
  const common = { time: 0, phase: "epoch", epoch: 2 } as const;
  const started: Line = { ...common, type: "phase-started" };
  const place = { ...common, task: "pay", id: "pay@main", node: "main" } as const;
  const answered: Line = { ...place, type: "log", message: answerOf("epoch/2/pay"), fields: {} };
  const bound = (...runs: Line[][]): number =>
    boundByPiece({ runs })({ what: "epoch/2/pay", query: "" });
  assertEquals(bound([started, answered], [started, answered]), 1);
  assertEquals(bound([started], [started, answered], [started]), 2);
  assertEquals(bound([started], [started]), 2);
  assertEquals(bound([], [started, answered]), 1);
});

Deno.test("a branch that begins with a later attempt passes, and two in one trial do not", () => {
  const later = reference.map((one) => ({ ...one, key: one.key.replace("1", "3") }));
  assertEquals(check(later), 0);
  const mixed = [...later.slice(0, 1), ...reference.slice(1)];
  assertThrows(() => check(mixed), CrashCheckError, "3 and 1");
});

Deno.test("calls that share a key do not pass", () => {
  const alike = reference.map((one) => ({ ...one, key: "j:1:a" }));
  const bound = boundByEpoch({ inFlight: [] });
  assertThrows(() => checkRequests(alike, alike, bound), CrashCheckError, "one key");
});
