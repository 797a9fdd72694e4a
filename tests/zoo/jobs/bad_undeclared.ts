/** Not resumable: changes in place what it only reads, so that no checkpoint learns of it. */
import { blob, epochs, job, main, task } from "tidemark";

const seen = blob("seen", { initial: (): number[] => [] });
const sum = blob("sum", { initial: () => 0 });

const add = task("add", { reads: { seen, sum }, writes: { sum } })
  .run(({ seen, sum }, { rng }) => {
    (seen as number[]).push(rng("next").int(10));
    return { sum: sum + seen.length };
  });

const badUndeclared = job("zoo-bad-undeclared", {
  epoch: [add],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints" },
});
export default badUndeclared;
await main(import.meta, badUndeclared);
