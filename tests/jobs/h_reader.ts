// Adds up a list, three items each epoch.
import { blob, cursor, drained, job, keepLast, main, task } from "tidemark";
const rows = blob("rows", { immutable: true, initial: () => [1, 2, 3, 4, 5, 6, 7] });
const three = cursor("three", { over: rows, take: 3 });
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { three, total }, writes: { total } })
  .run(({ three, total }) => ({ total: three.items.reduce((sum, x) => sum + x, total) }));
const report = task("report", { reads: { total } }).run(({ total }, { log }) =>
  log(`total ${total}`)
);
const reader = job("reader", {
  epoch: [add],
  exit: [report],
  until: drained(three),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(3)] },
});
export default reader;
await main(import.meta, reader);
