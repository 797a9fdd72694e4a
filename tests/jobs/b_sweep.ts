// A sweep over learning rates: the worse half is pruned, epoch by epoch, until one is left.
import {
  blob,
  epochs,
  job,
  keepLast,
  main,
  param,
  prefix,
  previous,
  resource,
  task,
  when,
} from "tidemark";
import { descend, loadData } from "./fakes/regression.ts";

const data = resource("data", { open: loadData });
const warmUp = param("warm-up", 3);

function trial(defaultRate: number) {
  const rate = param("rate", defaultRate);
  const weights = blob("weights", { initial: () => new Float32Array(1000) });
  const loss = blob<number>("loss");
  const pruned = blob<boolean>("pruned");
  const train = task("train", {
    reads: { data, rate },
    updates: { weights },
    writes: { loss },
    if: when(previous(pruned), (p) => !p),
  })
    .run(({ data, rate, weights }, { rng }) => ({
      loss: descend(weights, data, rate, rng("sgd")),
    }));
  return { train, loss, pruned, rate };
}

const sweep = job(
  "sweep",
  { trials: param("trials", 8, { integer: true, min: 2, max: 64 }) },
  ({ trials: n }) => {
    const trials = Array.from(
      { length: n },
      (_, i) => prefix(`trial-${i}`, trial(0.3 / 3 ** i), { shared: [data] }),
    );
    const losses = trials.map((t) => t.loss);
    const pruned = trials.map((t) => t.pruned);
    const prune = task("prune", {
      reads: { losses, warmUp, before: trials.map((t) => previous(t.pruned, false)) },
      writes: { pruned },
    })
      .run(({ losses, before, warmUp }, { epoch, log }) => {
        if (epoch < warmUp) return { pruned: before };
        const alive = losses.filter((_, i) => !before[i]).sort((a, b) => a - b);
        const median = alive[alive.length >> 1] ?? Infinity;
        const next = losses.map((loss, i) => before[i] === true || loss > median);
        log("pruned", { count: next.filter(Boolean).length });
        return { pruned: next };
      });
    return {
      epoch: [...trials.map((t) => t.train), prune],
      until: [epochs(30), when({ pruned }, ({ pruned }) => pruned.filter((p) => !p).length <= 1)],
      checkpoint: { to: "file:checkpoints", keep: [keepLast(2)] },
    };
  },
);
export default sweep;
await main(import.meta, sweep);
