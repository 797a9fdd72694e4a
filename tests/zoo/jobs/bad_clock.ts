/** Not resumable: its learning rate depends on the time of day. */
import { blob, epochs, job, main, task } from "tidemark";

const weights = blob("weights", { initial: () => [0.5, 1.5] });
const loss = blob<number>("loss");

const learn = task("learn", { reads: { weights }, writes: { weights } })
  .run(({ weights }) => {
    const rate = (Date.now() % 1000) / 1000 + performance.now() / 1e9;
    return { weights: weights.map((weight) => weight * (1 - rate / 10)) };
  });
const measure = task("measure", { reads: { weights }, writes: { loss } })
  .run(({ weights }) => ({ loss: weights.reduce((sum, weight) => sum + weight * weight, 0) }));

const badClock = job("zoo-bad-clock", {
  epoch: [learn, measure],
  until: epochs(3),
  checkpoint: { to: "file:checkpoints" },
});
export default badClock;
await main(import.meta, badClock);
