/** Finds clusters on three nodes, each of which gathers the sums of all and moves its own centres. */
import { blob, epochs, gather, job, keepLast, main, nodes, replicate, task, when } from "tidemark";

const CLUSTERS = 4;
const POINTS = 300;
const workers = nodes("worker", 3);

const points = blob<Float64Array>("points", { immutable: true });
const centres = blob("centres", { initial: () => Float64Array.from([-3, -1, 1, 3]) });
const sums = blob<Float64Array>("sums"); // of each cluster, then how many points each has
const moved = blob<number>("moved");

const draw = task("draw", { writes: { points } })
  .run((_, { rng, replica }) => ({
    points: Float64Array.from({ length: POINTS }, () => replica.index - 1 + rng("at").normal()),
  }));

const add = task("add", { reads: { points, centres }, writes: { sums } })
  .run(({ points, centres }) => {
    const sums = new Float64Array(2 * CLUSTERS);
    for (const point of points) {
      let nearest = 0;
      for (let at = 1; at < CLUSTERS; at++) {
        const [one, other] = [centres[at] ?? NaN, centres[nearest] ?? NaN];
        if (Math.abs(point - one) < Math.abs(point - other)) nearest = at;
      }
      sums[nearest] = (sums[nearest] ?? 0) + point;
      sums[CLUSTERS + nearest] = (sums[CLUSTERS + nearest] ?? 0) + 1;
    }
    return { sums };
  });

const move = task("move", {
  reads: { all: gather(workers, sums) },
  updates: { centres },
  writes: { moved },
}).run(({ all, centres }) => {
  let moved = 0;
  centres.forEach((old, at) => {
    const of = (index: number): number => all.reduce((sum, one) => sum + (one[index] ?? 0), 0);
    const count = of(CLUSTERS + at);
    if (count > 0) centres[at] = of(at) / count;
    moved += Math.abs((centres[at] ?? 0) - old);
  });
  return { moved };
});

const kMeans = job("zoo-k-means", {
  init: [replicate(workers, draw)],
  epoch: [replicate(workers, add), replicate(workers, move)],
  until: [epochs(20), when(gather(workers, moved), (all) => all.every((one) => one < 0.1))],
  checkpoint: { to: "file:checkpoints", keep: [keepLast(2)] },
});
export default kMeans;
await main(import.meta, kMeans);
