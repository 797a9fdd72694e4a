// Finds clusters by k-means on three nodes: each keeps its own points, and a fourth gathers.
//
//   deno run --allow-read=examples/checkpoints --allow-write=examples/checkpoints examples/k_means.ts
import {
  blob,
  epochs,
  from,
  gather,
  job,
  keepLast,
  main,
  nodes,
  on,
  param,
  replicate,
  task,
  when,
} from "tidemark";
import { assign, combine, drawPoints, shift, type Sums } from "./k_means/points.ts";

const count = param("points", 20_000, { integer: true, min: 1 }); // on each node
const clusters = param("clusters", 6, { integer: true, min: 1, max: 100 });
const tolerance = param("tolerance", 1e-6, { min: 0 });
const workers = nodes("worker", 3);

const points = blob<Float64Array>("points", { immutable: true });
const sums = blob<Sums>("sums");
const centres = blob<Float64Array>("centres");
const moved = blob<number>("moved");

// In the init group: each worker draws its points, and the leader the first centres.
const draw = task("draw", { reads: { count, clusters }, writes: { points } })
  .run(({ count, clusters }, { rng }) => ({
    points: drawPoints(count, clusters, rng("points").normal),
  }));
const guess = task("guess", { reads: { clusters }, writes: { centres } })
  .run(({ clusters }, { rng }) => {
    const random = rng("centres");
    return { centres: Float64Array.from({ length: 2 * clusters }, () => 20 * random()) };
  });

// In each epoch: the workers add up, each for itself and at once; then the leader takes the means.
const add = task("add", { reads: { points, centres: from("leader", centres) }, writes: { sums } })
  .run(({ points, centres }) => ({ sums: assign(points, centres) }));
const move = task("move", {
  reads: { parts: gather(workers, sums), old: centres },
  writes: { centres, moved },
}).run(({ parts, old }, { log }) => {
  const centres = combine(parts, old);
  const inertia = parts.reduce((sum, part) => sum + part.inertia, 0);
  log(`inertia ${inertia.toFixed(1)}`, { inertia });
  return { centres, moved: shift(centres, old) };
});

const kMeans = job("k-means", {
  init: [replicate(workers, draw), on("leader", guess)],
  epoch: [replicate(workers, add), on("leader", move)],
  until: [
    epochs(200),
    when({ moved: from("leader", moved), tolerance }, ({ moved, tolerance }) => moved < tolerance),
  ],
  checkpoint: { to: "file:checkpoints", keep: [keepLast(2)] },
});

export default kMeans;
await main(import.meta, kMeans);
