/** A job whose shape is a param: so many trials of a template, the worst of which stops in each epoch. */
import { blob, epochs, job, keepLast, main, param, prefix, previous, task, when } from "tidemark";

const trials = param("trials", 3, { integer: true, min: 2, max: 8 });
const start = param("start", 2);

function trial(rate: number) {
  const ownRate = param("rate", rate, { min: 0 });
  const at = blob("at", { initial: () => NaN });
  const loss = blob<number>("loss");
  const isOut = blob("is-out", { initial: () => false });
  const descend = task("descend", {
    reads: { at, start, ownRate },
    writes: { at, loss },
    if: when(previous(isOut), (isOut) => !isOut),
  }).run(({ at, start, ownRate }, { rng }) => {
    const from = Number.isNaN(at) ? start : at;
    const next = from - ownRate * (2 * from + rng("noise").normal() / 10);
    return { at: next, loss: next * next };
  });
  return { ownRate, loss, isOut, descend };
}

const sweep = job("zoo-sweep", { trials }, ({ trials: count }) => {
  const all = Array.from(
    { length: count },
    (_, index) => prefix(`trial-${index}`, trial(0.4 / 2 ** index), { shared: [start] }),
  );
  const prune = task("prune", {
    reads: {
      losses: all.map(({ loss }) => loss),
      out: all.map(({ isOut }) => previous(isOut, false)),
    },
    writes: { isOut: all.map(({ isOut }) => isOut) },
  }).run(({ losses, out }) => {
    const alive = losses.filter((_, index) => out[index] !== true);
    const worst = Math.max(...alive);
    return {
      isOut: losses.map((loss, index) => out[index] === true || alive.length > 1 && loss === worst),
    };
  });
  return {
    epoch: [...all.map(({ descend }) => descend), prune],
    until: epochs(4),
    checkpoint: { to: "file:checkpoints", keep: [keepLast(2)] },
  };
});
export default sweep;
await main(import.meta, sweep);
