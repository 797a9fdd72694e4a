/** A data set, and what is made of it, that are not saved: they are made again on each resume. */
import { blob, cursor, epochs, from, job, main, param, replicate, resource, task } from "tidemark";

const NODES = ["left", "right"] as const;
const size = param("size", 400, { integer: true, min: 8 });

const data = resource("data", {
  reads: { size },
  open: ({ size }) => Float32Array.from({ length: size }, (_, row) => Math.fround(row / (row - 4))),
  stamp: ({ length }) => length,
});

const noise = blob<number>("noise", { immutable: true });
const rows = blob<Float32Array>("rows", { derived: true });
const index = blob<Map<string, number[]>>("index", { derived: true });
const share = blob<Float32Array>("share", { derived: true });
const mean = blob("mean", { initial: () => 0 });
const seen = blob("seen", { initial: () => new Set<number>() });
const next = cursor("next", { over: share, take: 9, shuffle: true, wrap: true });

const choose = task("choose", { writes: { noise } })
  .run((_, { rng }) => ({ noise: rng("noise")() / 100 }));
const read = task("read", { reads: { data, noise }, writes: { rows } })
  .run(({ data, noise }, { rng }) => {
    const random = rng("rows");
    return { rows: data.map((row) => row + noise * random.normal()) };
  });
const sort = task("sort", { reads: { rows }, writes: { index } }).run(({ rows }) => {
  const index = new Map<string, number[]>();
  rows.forEach((row, at) => {
    const key = row < 1 ? "small" : "large";
    index.set(key, [...index.get(key) ?? [], at]);
  });
  return { index };
});
const split = task("split", { reads: { rows: from("main", rows) }, writes: { share } })
  .run(({ rows }, { replica: { index, count } }) => ({
    share: rows.filter((_, row) => row % count === index),
  }));

const learn = task("learn", {
  reads: { next, mean, all: from("main", index) },
  writes: { mean },
  updates: { seen },
})
  .run(({ next, mean, all, seen }) => {
    for (let at = next.start; at < next.end; at++) seen.add(at);
    const sum = next.items.reduce((sum, item) => sum + (Number.isFinite(item) ? item : 0), 0);
    return { mean: (mean + sum / next.items.length) / (1 + (all.get("small")?.length ?? 0)) };
  });

const derived = job("zoo-derived", {
  init: [choose, read, sort, replicate(NODES, split)],
  epoch: [replicate(NODES, learn)],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints" },
});
export default derived;
await main(import.meta, derived);
