import { assertEquals } from "@std/assert";
import { startWatch } from "../../../runtime/cli/watch.ts";
import { FLAGS, threadSource } from "../../../runtime/cli/watch_thread.ts";
import { tableLayout } from "../../../runtime/cli/running_tasks.ts";
import { LEARN } from "./script.ts";

// What a watch does on a signal is tested in processes of their own, in tests/e2e/cli_test.ts.

Deno.test("watch: it starts, has no reason to stop, and leaves nothing behind", async () => {
  using watch = startWatch({ timeouts: new Map([["learn", 1_000]]), grace: "10s" });
  await watch.ready;
  watch.observe({ time: 0, type: "task-started", ...LEARN, try: 1 });
  assertEquals([watch.stopReason(), watch.signal.aborted, watch.foreignLines()], [
    undefined,
    false,
    0,
  ]);
});

Deno.test("watch: ended before its thread has begun, it leaves nothing behind either", () => {
  startWatch({ timeouts: new Map(), grace: "10s" })[Symbol.dispose]();
});

Deno.test("watch: the thread's source stands on its own", () => {
  const source = threadSource({
    ...{ pid: 1, signals: { 2: "SIGINT" }, flags: FLAGS, table: tableLayout(16) },
    ...{
      sameRequestMs: 500,
      reactMs: 750,
      graceMs: 10_000,
      endBy: "SIGALRM",
      grace: "10s",
      stopAfterMs: null,
    },
  });
  assertEquals(/\bimport\b/.test(source), false);
  // It parses, and outside a worker only takes its message handler's place.
  const scope: Record<string, unknown> = {};
  new Function("globalThis", source)(scope);
  assertEquals(Object.keys(scope), ["onmessage"]);
});
