/** Takes a resource's items in a shuffled order, again and again, until the loss is no longer better. */
import { blob, cursor, epochs, job, keepBest, main, plateau, resource, task } from "tidemark";

const LENGTH = 10;

const items = resource("items", { open: () => Array.from({ length: LENGTH }, (_, item) => item) });
const batch = cursor("batch", { over: items, take: 4, shuffle: true, wrap: true });
const order = blob("order", { initial: (): number[] => [] });
const weight = blob("weight", { initial: () => 0 });
const loss = blob<number>("loss");

const learn = task("learn", {
  reads: { batch, weight },
  updates: { order },
  writes: { weight, loss },
})
  .run(({ batch, weight, order }) => {
    order.push(...batch.items);
    const goal = batch.items.reduce((sum, item) => sum + item, 0) / batch.items.length;
    const next = weight + (goal - weight) * 0.6;
    return { weight: next, loss: Math.abs(next - (LENGTH - 1) / 2) };
  });

const shuffled = job("zoo-shuffled", {
  epoch: [learn],
  until: [plateau({ min: loss }, { epochs: 3, minDelta: 0.01 }), epochs(15)],
  checkpoint: { to: "file:checkpoints", keep: [keepBest({ min: loss }, 2)] },
});
export default shuffled;
await main(import.meta, shuffled);
