import { assertEquals, assertRejects } from "@std/assert";
import { backoffMs, isThenable, sleep, turn } from "../../../runtime/task/turn.ts";
import { errorOf } from "../helpers.ts";

Deno.test("turn: backoff doubles from the second try, up to the longest", () => {
  assertEquals([2, 3, 4, 5].map((next) => backoffMs(10, 50, next)), [10, 20, 40, 50]);
  assertEquals(backoffMs(0, Infinity, 99), 0);
  assertEquals(Number.isFinite(backoffMs(1, Infinity, 5000)), true);
});

Deno.test("turn: sleep ends with the signal's reason, before and while it waits", async () => {
  const reason = new Error("enough");
  assertEquals(await errorOf(sleep(1e9, AbortSignal.abort(reason))), reason);
  const stop = new AbortController();
  const sleeping = sleep(1e9, stop.signal);
  stop.abort(reason);
  assertEquals(await errorOf(sleeping), reason);
  await sleep(0, new AbortController().signal);
});

Deno.test("turn: a turn lets timers fire", async () => {
  let fired = false;
  setTimeout(() => void (fired = true), 0);
  const end = performance.now() + 5000;
  while (!fired && performance.now() < end) await turn();
  assertEquals(fired, true);
});

Deno.test("turn: what can be awaited", () => {
  assertEquals([Promise.resolve(), { then: () => {} }, {}, null, 1].map(isThenable), [
    ...[true, true, false, false, false],
  ]);
});

Deno.test("sleep: a time longer than a timer takes goes on, and hears its signal", async () => {
  const controller = new AbortController();
  const slept = sleep(90 * 86_400_000, controller.signal);
  const first = await Promise.race([
    slept.then(() => "woke", () => "woke"),
    new Promise((resolve) => setTimeout(resolve, 20, "sleeps on")),
  ]);
  assertEquals(first, "sleeps on");
  controller.abort(new Error("enough"));
  await assertRejects(() => slept, Error, "enough");
});
