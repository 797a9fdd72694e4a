// A backfill: goes through real data partition by partition and adds up, a few partitions each epoch.
// The data are the scanned digits of MNIST; what is asked is how much ink each digit takes, and how wide
// it is written.
//
//   deno run --allow-read=examples/checkpoints --allow-write=examples/checkpoints examples/backfill.ts
import {
  blob,
  cursor,
  drained,
  job,
  keepEvery,
  keepLast,
  main,
  param,
  resource,
  task,
} from "tidemark";
import { type Digits, PIXELS, readDigits } from "./digits/mnist.ts";

/** What is known of one digit. */
interface Row {
  images: number;
  ink: number;
  width: number;
}

const size = param("partition", 1_000, { integer: true, min: 1 }); // images
const perEpoch = param("per-epoch", 8, { integer: true, min: 1 }); // partitions

const source = resource("source", {
  open: () => readDigits("train"),
  stamp: ({ length }) => length, // a resume says so if the source has grown
});
const starts = blob<number[]>("starts", { immutable: true }); // where each partition begins
const next = cursor("next", { over: starts, take: perEpoch }); // its position is saved
const table = blob("table", { initial: () => new Map<number, Row>() });

const list = task("list", { reads: { source, size }, writes: { starts } })
  .run(({ source, size }) => ({
    starts: Array.from({ length: Math.ceil(source.length / size) }, (_, i) => i * size),
  }));

const load = task("load", { reads: { source, size, next }, updates: { table } })
  .run(async ({ source, size, next, table }, { map, log }) => {
    const parts = map(
      "partition",
      next.items,
      (start) => aggregate(source, start, Math.min(start + size, source.length)),
      { key: String, concurrency: 4, retry: { attempts: 3, delay: "1s" } },
    );
    for await (const part of parts) { // in the order of the items, whichever ends first
      for (const [digit, row] of part) {
        const sum = table.get(digit) ?? { images: 0, ink: 0, width: 0 };
        table.set(digit, {
          images: sum.images + row.images,
          ink: sum.ink + row.ink,
          width: sum.width + row.width,
        });
      }
    }
    log(`partitions ${next.start} to ${next.end}`, { from: next.start, to: next.end });
  });

const report = task("report", { reads: { table } }).run(({ table }, { log }) => {
  for (const [digit, { images, ink, width }] of [...table].sort(([a], [b]) => a - b)) {
    const inked = (100 * ink / images / PIXELS / 255).toFixed(1);
    log(`${digit}: ${images} images, ${inked} % ink, ${(width / images).toFixed(1)} pixels wide`);
  }
});

/** Adds up a partition. */
function aggregate({ images, labels }: Digits, start: number, end: number): Map<number, Row> {
  const rows = new Map<number, Row>();
  for (let image = start; image < end; image++) {
    const digit = labels[image] ?? 0;
    const row = rows.get(digit) ?? { images: 0, ink: 0, width: 0 };
    let left = 28;
    let right = -1;
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      const grey = images[image * PIXELS + pixel] ?? 0;
      row.ink += grey;
      if (grey > 127) {
        left = Math.min(left, pixel % 28);
        right = Math.max(right, pixel % 28);
      }
    }
    row.images += 1;
    row.width += Math.max(right - left + 1, 0);
    rows.set(digit, row);
  }
  return rows;
}

const backfill = job("backfill", {
  init: [list],
  epoch: [load],
  exit: [report],
  until: drained(next),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(3), keepEvery(5)] },
});

export default backfill;
await main(import.meta, backfill);
