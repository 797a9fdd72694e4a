import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { blob, param, task } from "../../../dsl/mod.ts";
import { TaskOutputError } from "../../../runtime/errors.ts";
import { runTask } from "../../../runtime/task/run_alone.ts";
import { errorOf, Recorder, untilAborted } from "../helpers.ts";

const weights = blob<number[]>("weights");
const loss = blob<number>("loss");
const rate = param("rate", 0.5);
const train = task("train", { reads: { rate }, updates: { weights }, writes: { loss } })
  .run(({ rate, weights }, { rng, epoch, node, log }) => {
    weights[0] = (weights[0] ?? 0) - rate;
    log("trained");
    return { loss: rng("noise")() + epoch + node.length };
  });

Deno.test("runTask: gives what the task writes and updates, seeded", async () => {
  const seen = new Recorder();
  const options = { seed: 1, epoch: 3, node: "n", onEvent: seen.observe };
  const one = await runTask(train, { rate: 1, weights: [5] }, options);
  const again = await runTask(train, { rate: 1, weights: [5] }, options);
  assertEquals(one, again);
  assertEquals(one.weights, [4]);
  assert(one.loss >= 4 && one.loss < 5);
  const other = await runTask(train, { rate: 1, weights: [5] }, { ...options, seed: 2 });
  assert(other.loss !== one.loss);
  assertEquals(seen.of("log").length, 3);
});

Deno.test("runTask: an update that comes back as undefined is what was changed in place", async () => {
  const change = task("change", { updates: { weights } }).run(({ weights }) => {
    weights.push(1);
    return { weights: undefined } as unknown as { weights: number[] };
  });
  assertEquals(await runTask(change, { weights: [] }), { weights: [1] });
});

Deno.test("runTask: a wrong result is an error", async () => {
  const wrong = task("wrong", { writes: { loss } }).run((() => ({})) as () => { loss: number });
  assertInstanceOf(await errorOf(runTask(wrong, {})), TaskOutputError);
});

Deno.test("runTask: its signal stops it", async () => {
  const t = task("t").run((_, { signal }) => untilAborted(signal));
  const stop = new AbortController();
  const running = runTask(t, {}, { signal: stop.signal });
  const reason = new Error("enough");
  stop.abort(reason);
  assertEquals(await errorOf(running), reason);
  assertEquals(await errorOf(runTask(t, {}, { signal: AbortSignal.abort(reason) })), reason);
});
