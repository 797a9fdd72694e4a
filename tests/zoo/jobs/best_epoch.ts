/** Goes back to the weights of the best saved epoch where it got worse, and reports them at its end. */
import { blob, epochs, job, keepBest, keepLast, main, saved, task } from "tidemark";

const weights = blob("weights", { initial: () => Float64Array.from([3, -2, 1]) });
const score = blob("score", { initial: () => -100 });
const history = blob("history", { initial: (): number[] => [] });
const best = blob<Float64Array>("best");

const jump = task("jump", {
  reads: { good: saved(weights, { max: score }), history },
  updates: { weights },
  writes: { score, history },
}).run(({ good, weights, history }, { rng, epoch }) => {
  if (epoch % 2 === 0) weights.set(good);
  const random = rng("jump");
  weights.forEach((weight, at) => weights[at] = weight * 0.8 + random.normal() / 2);
  const score = -weights.reduce((sum, weight) => sum + weight * weight, 0);
  return { score, history: [...history, score] };
});

const report = task("report", { reads: { good: saved(weights, { max: score }) }, writes: { best } })
  .run(({ good }) => ({ best: good.slice() }));

const bestEpoch = job("zoo-best-epoch", {
  epoch: [jump],
  exit: [report],
  until: epochs(6),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(1), keepBest({ max: score })] },
});
export default bestEpoch;
await main(import.meta, bestEpoch);
