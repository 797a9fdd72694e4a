/** A small job for which processes race: it saves packs, records steps, and ends with a phase. */

import { blob, epochs, job, main, task } from "tidemark";

const cells = blob<Float64Array>("cells");
const total = blob("total", { initial: () => 0 });
const summary = blob<string>("summary");

const fill = task("fill", { writes: { cells } })
  .run((_, { rng }) => ({ cells: Float64Array.from({ length: 1000 }, rng("cells")) }));
const add = task("add", { reads: { total }, updates: { cells }, writes: { total } })
  .run(async ({ total, cells }, { step, epoch, rng }) => {
    const more = await step("more", () => rng("more").int(1000));
    cells[epoch] = more;
    return { total: total * 3 + more };
  });
const close = task("close", { reads: { total }, writes: { summary } })
  .run(({ total }) => ({ summary: `total ${total}` }));

const racing = job("racing", {
  init: [fill],
  epoch: [add],
  exit: [close],
  until: epochs(2),
  checkpoint: { to: "file:checkpoints", grain: "task" },
});
export default racing;
await main(import.meta, racing);
