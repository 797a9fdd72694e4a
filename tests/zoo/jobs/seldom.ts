/** Saves every third epoch, and leaves out a cache that each epoch makes anew. */
import { blob, epochs, job, keepLast, main, task } from "tidemark";

const state = blob("state", { initial: () => new Uint32Array(70_000) }); // two blocks
const cache = blob<number[]>("cache");
const sum = blob("sum", { initial: () => 0 });

const fill = task("fill", { writes: { cache } })
  .run((_, { rng, epoch }) => ({
    cache: Array.from({ length: 10 }, () => rng("cache").int(70_000) + epoch),
  }));

const write = task("write", { reads: { cache }, updates: { state } })
  .run(({ cache, state }, { epoch }) => {
    for (const at of cache) state[at % state.length] = epoch * 1000 + at;
  });

const check = task("check", { reads: { state, sum }, writes: { sum } })
  .run(({ state, sum }) => ({ sum: state.reduce((all, one) => (all * 31 + one) % 1e9, sum) }));

const seldom = job("zoo-seldom", {
  epoch: [fill, write, check],
  until: epochs(7),
  checkpoint: {
    to: "file:checkpoints",
    every: epochs(3),
    blobs: { exclude: [cache] },
    keep: [keepLast(2)],
  },
});
export default seldom;
await main(import.meta, seldom);
