/** The check of requests: what it lets pass and what it does not. */

import { assertEquals, assertThrows } from "@std/assert";
import { CrashCheckError } from "../crash/check.ts";
import { checkRequests, parseRequest, type Request } from "./requests.ts";

const reference = requests("init/0/open k0", "epoch/1/pay?try=1 k1", "epoch/2/pay k2");

function requests(...lines: string[]): Request[] {
  return lines.map((line) => parseRequest(`/trial-1/${line}`));
}

Deno.test("a request is read from what the server says", () => {
  const [, request] = reference;
  assertEquals(request, { by: "trial-1", what: "epoch/1/pay", query: "?try=1", key: "k1" });
  assertThrows(() => parseRequest("127.0.0.1:80"), Error, "said");
});

Deno.test("repeats of a phase that was cut short pass, and are counted", () => {
  const found = [...reference, ...requests("epoch/2/pay k2", "epoch/2/pay k2")];
  assertEquals(checkRequests(reference, reference, { inFlight: [] }), 0);
  assertEquals(checkRequests(found, reference, { inFlight: ["epoch 2", "epoch 2"] }), 2);
});

Deno.test("other repeats, keys and calls do not pass", () => {
  const wrong: [string[], string[], string][] = [
    [["epoch/2/pay k2"], [], "was asked 2 times"],
    [["epoch/2/pay k2"], ["epoch 1"], "was asked 2 times"],
    [["epoch/2/pay k2", "epoch/2/pay k2"], ["epoch 2"], "explain only 2"],
    [["epoch/2/pay k9"], ["epoch 2"], "under the key k9, and not under k2"],
    [["epoch/3/pay k3"], ["epoch 3"], "and not under undefined"],
  ];
  for (const [more, inFlight, said] of wrong) {
    const found = [...reference, ...requests(...more)];
    assertThrows(() => checkRequests(found, reference, { inFlight }), CrashCheckError, said);
  }
  const less = reference.slice(1);
  assertThrows(() => checkRequests(less, reference, { inFlight: [] }), CrashCheckError, "never");
  const oneKey = requests("init/0/open k0", "epoch/1/pay k0");
  assertThrows(() => checkRequests(oneKey, oneKey, { inFlight: [] }), CrashCheckError, "one key");
});
