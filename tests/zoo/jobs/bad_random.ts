/** Not resumable: takes its random numbers from outside the context. */
import { blob, epochs, job, main, task } from "tidemark";

const place = blob("place", { initial: () => 0 });
const steps = blob("steps", { initial: () => 0 });

const walk = task("walk", { reads: { place }, writes: { place } })
  .run(({ place }) => ({ place: place + Math.random() }));
const count = task("count", { reads: { steps }, writes: { steps } })
  .run(({ steps }) => ({ steps: steps + 1 }));

const badRandom = job("zoo-bad-random", {
  epoch: [walk, count],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints" },
});
export default badRandom;
await main(import.meta, badRandom);
