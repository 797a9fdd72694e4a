// A small job for bad input: its last epoch adds to a blob of three blocks.
import { blob, epochs, job, keepLast, main, param, task } from "tidemark";

const size = param("size", 80_000, { integer: true, min: 1 });
const lastEpoch = param("epochs", 3, { integer: true, min: 1 });
const numbers = blob<Float64Array>("numbers");
const total = blob("total", { initial: () => 0 });

const fill = task("fill", { reads: { size }, writes: { numbers } })
  .run(({ size }, { rng }) => ({ numbers: Float64Array.from({ length: size }, rng("numbers")) }));
const add = task("add", { reads: { total }, updates: { numbers }, writes: { total } })
  .run(({ numbers, total }, { epoch }) => {
    numbers[epoch] = epoch;
    return { total: total + epoch };
  });

const adder = job("adder", {
  init: [fill],
  epoch: [add],
  until: epochs(lastEpoch),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(10)] },
});
export default adder;
await main(import.meta, adder);
