// Embeds lines of text, ten thousand each epoch, through a service that is paid by the batch.
import { blob, cursor, drained, job, keepLast, main, param, resource, task } from "tidemark";
import { embed, readLines } from "./fakes/embed_api.ts";

const SIZE = 16;
const path = param("texts", "texts.txt");
const model = param("model", "small-3", { choices: ["small-3", "large-3"] });
const texts = resource("texts", { reads: { path }, open: ({ path }) => readLines(path) }); // re-read at each start
const slice = cursor("slice", { over: texts, take: 10_000 }); // its position is saved; it advances when an epoch commits
const vectors = blob<Float32Array>("vectors");

const allocate = task("allocate", { reads: { texts }, writes: { vectors } })
  .run(({ texts }) => ({ vectors: new Float32Array(texts.length * SIZE) }));

const fill = task("embed", { reads: { slice, model }, updates: { vectors } })
  .run(async ({ slice, model, vectors }, { map }) => {
    const starts = Array.from({ length: Math.ceil(slice.items.length / 100) }, (_, i) => i * 100);
    const paid = map("batch", starts, async (at, { signal, idempotencyKey }) => {
      const batch = slice.items.slice(at, at + 100);
      return { at, rows: await embed(batch, { model, signal, idempotencyKey }) }; // what is returned is durable at once
    }, {
      key: (at) => `${slice.start + at}`,
      concurrency: 4,
      rate: { count: 50, per: "50ms" },
      retry: { attempts: 10, delay: "10ms", maxDelay: "2m" },
    });
    for await (const { at, rows } of paid) vectors.set(rows, (slice.start + at) * SIZE); // in order, replayed on resume
  });

const embedding = job("embed", {
  init: [allocate],
  epoch: [fill],
  until: drained(slice),
  checkpoint: { to: "file:checkpoints", grain: "task", keep: [keepLast(2)] },
});
export default embedding;
await main(import.meta, embedding);
