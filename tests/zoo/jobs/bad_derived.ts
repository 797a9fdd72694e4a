/** Not resumable: what it derives is another whenever it is made. */
import { blob, epochs, job, main, task } from "tidemark";

const table = blob<Float64Array>("table", { derived: true });
const total = blob("total", { initial: () => 0 });

const fill = task("fill", { writes: { table } })
  .run(() => ({ table: Float64Array.from({ length: 100 }, () => Math.random()) }));
const add = task("add", { reads: { table, total }, writes: { total } })
  .run(({ table, total }, { epoch }) => ({ total: total + (table[epoch] ?? 0) }));

const badDerived = job("zoo-bad-derived", {
  init: [fill],
  epoch: [add],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints" },
});
export default badDerived;
await main(import.meta, badDerived);
