/** Takes lists of two nodes in order, by slices of which the last is shorter, until both are empty. */
import {
  blob,
  cursor,
  drained,
  job,
  keepLast,
  main,
  nodes,
  param,
  replicate,
  task,
} from "tidemark";

const perEpoch = param("per-epoch", 4, { integer: true, min: 1 });
const workers = nodes("worker", 2);
const days = blob<string[]>("days", { immutable: true });
const slice = cursor("slice", { over: days, take: perEpoch });
const total = blob("total", { initial: () => 0 });
const bounds = blob("bounds", { initial: (): [number, number][] => [] });

const name = task("name", { writes: { days } })
  .run((_, { replica }) => ({
    days: Array.from({ length: 8 + 9 * replica.index }, (_, day) => `day ${day}`),
  }));

const add = task("add", { reads: { slice, total }, writes: { total } })
  .run(({ slice, total }) => ({
    total: slice.items.reduce((sum, day) => sum * 3 + Number(day.split(" ")[1]), total),
  }));

/** Reads the same slice as the task before it. */
const note = task("note", { reads: { slice }, updates: { bounds } })
  .run(({ slice: { start, end }, bounds }) => {
    bounds.push([start, end]);
  });

const inOrder = job("zoo-in-order", {
  init: [replicate(workers, name)],
  epoch: [replicate(workers, add, note)],
  until: drained(slice),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(2)] },
});
export default inOrder;
await main(import.meta, inOrder);
