/** Not resumable: keeps its momentum in a variable of the module, which a resume begins anew. */
import { blob, epochs, job, main, task } from "tidemark";

let momentum = 0;

const place = blob("place", { initial: () => 1 });
const total = blob("total", { initial: () => 0 });

const slide = task("slide", { reads: { place }, writes: { place } })
  .run(({ place }, { rng }) => {
    momentum = momentum / 2 + rng("push")();
    return { place: place + momentum };
  });
const add = task("add", { reads: { place, total }, writes: { total } })
  .run(({ place, total }) => ({ total: total + place }));

const badVariable = job("zoo-bad-variable", {
  epoch: [slide, add],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints" },
});
export default badVariable;
await main(import.meta, badVariable);
