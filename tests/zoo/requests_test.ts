/** The check of requests: what it lets pass and what it does not. */

import { assertEquals, assertThrows } from "@std/assert";
import { CrashCheckError } from "../crash/check.ts";
import { checkRequests, parseRequest, type Request } from "./requests.ts";

const reference = requests("init/0/open j:1:a", "epoch/1/pay?try=1 j:1:b", "epoch/2/pay j:1:c");

function requests(...lines: string[]): Request[] {
  return lines.map((line) => parseRequest(`/trial-1/${line}`));
}

Deno.test("a request is read from what the server says", () => {
  const [, request] = reference;
  assertEquals(request, { by: "trial-1", what: "epoch/1/pay", query: "?try=1", key: "j:1:b" });
  assertThrows(() => parseRequest("127.0.0.1:80"), Error, "said");
});

Deno.test("repeats of a phase that was cut short pass, and are counted", () => {
  const found = [...reference, ...requests("epoch/2/pay j:1:c", "epoch/2/pay j:1:c")];
  assertEquals(checkRequests(reference, reference, { inFlight: [] }), 0);
  assertEquals(checkRequests(found, reference, { inFlight: ["epoch 2", "epoch 2"] }), 2);
});

Deno.test("other repeats, keys and calls do not pass", () => {
  const wrong: [string[], string[], string][] = [
    [["epoch/2/pay j:1:c"], [], "was asked 2 times"],
    [["epoch/2/pay j:1:c"], ["epoch 1"], "was asked 2 times"],
    [["epoch/2/pay j:1:c", "epoch/2/pay j:1:c"], ["epoch 2"], "explain only 2"],
    [["epoch/2/pay j:2:c"], ["epoch 2"], "under the key j:2:c, and before under j:1:c"],
    [["epoch/3/pay j:1:d"], ["epoch 3"], "and never killed under undefined"],
  ];
  for (const [more, inFlight, said] of wrong) {
    const found = [...reference, ...requests(...more)];
    assertThrows(() => checkRequests(found, reference, { inFlight }), CrashCheckError, said);
  }
  const less = reference.slice(1);
  assertThrows(() => checkRequests(less, reference, { inFlight: [] }), CrashCheckError, "never");
});

Deno.test("a branch that begins with a later attempt passes, and two in one trial do not", () => {
  const later = reference.map((one) => ({ ...one, key: one.key.replace("1", "3") }));
  assertEquals(checkRequests(later, reference, { inFlight: [] }), 0);
  const [first, ...rest] = reference;
  const mixed = [...later.slice(0, 1), ...rest];
  assertThrows(() => checkRequests(mixed, reference, { inFlight: [] }), CrashCheckError, "3 and 1");
  const alike = [first, ...rest].map((one) => ({
    what: "",
    by: "",
    query: "",
    ...one,
    key: "j:1:a",
  }));
  assertThrows(() => checkRequests(alike, alike, { inFlight: [] }), CrashCheckError, "one key");
});
