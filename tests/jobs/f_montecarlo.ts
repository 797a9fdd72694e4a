// Prices an option by simulation on several workers, until the estimate is good enough.
import {
  blob,
  epochs,
  from,
  gather,
  job,
  keepLast,
  main,
  nodes,
  on,
  param,
  replicate,
  task,
  when,
} from "tidemark";
import { simulate, type Sums } from "./fakes/simulate.ts";

const paths = param("paths", 1_000_000);
const volatility = param("volatility", 0.2);
const tolerance = param("tolerance", 1e-4);
const sums = blob<Sums>("sums", { initial: () => ({ n: 0, sum: 0, squares: 0 }) });
const estimate = blob<{ mean: number; error: number }>("estimate");

const draw = task("draw", { reads: { paths, volatility }, updates: { sums } })
  .run(({ paths, volatility, sums }, { rng }) => {
    const s = simulate(paths, volatility, rng("paths").normal);
    sums.n += s.n;
    sums.sum += s.sum;
    sums.squares += s.squares;
  });

const monteCarlo = job("monte-carlo", { workers: param("workers", 4) }, ({ workers: count }) => {
  const workers = nodes("worker", count);
  const reduce = task("reduce", { reads: { parts: gather(workers, sums) }, writes: { estimate } })
    .run(({ parts }) => {
      const total = (pick: (s: Sums) => number) => parts.reduce((t, p) => t + pick(p), 0);
      const n = total((s) => s.n), mean = total((s) => s.sum) / n;
      return {
        estimate: { mean, error: Math.sqrt((total((s) => s.squares) / n - mean * mean) / n) },
      };
    });
  return {
    epoch: [replicate(workers, draw), on("reducer", reduce)],
    until: [
      epochs(100),
      when({ e: from("reducer", estimate), tolerance }, ({ e, tolerance }) => e.error < tolerance),
    ],
    checkpoint: { to: "file:checkpoints", keep: [keepLast(2)] },
  };
});
export default monteCarlo;
await main(import.meta, monteCarlo);
