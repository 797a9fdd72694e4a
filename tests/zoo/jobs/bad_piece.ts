/** Not resumable: a step changes a blob beside its result, and a step that is done is not done again. */
import { blob, epochs, job, main, task } from "tidemark";

const seen = blob("seen", { initial: (): number[] => [] });
const sum = blob("sum", { initial: () => 0 });

const collect = task("collect", { reads: { sum }, updates: { seen }, writes: { sum } })
  .run(async ({ sum, seen }, { step, rng }) => {
    const random = rng("next");
    const added = await step("draw", () => seen.push(random.int(10)));
    return { sum: sum + added };
  });

const badPiece = job("zoo-bad-piece", {
  epoch: [collect],
  until: epochs(3),
  checkpoint: { to: "file:checkpoints", grain: "task" },
});
export default badPiece;
await main(import.meta, badPiece);
