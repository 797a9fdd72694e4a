// Trains a model of a library whose tensors live outside and have to be disposed of.
import {
  blob,
  codec,
  epochs,
  job,
  keepBest,
  keepLast,
  main,
  param,
  resource,
  task,
} from "tidemark";
import { type Model, tf } from "./fakes/tensors.ts";

const modelCodec = codec({
  encode: async (m: Model) => ({
    hidden: m.hidden,
    weights: await Promise.all(
      m.weights().map(async (t) => ({ shape: t.shape, data: await t.data() })),
    ),
  }),
  decode: ({ hidden, weights }) => { // typed by what encode gives
    const m = tf.model(hidden);
    m.set(weights.map((w) => tf.tensor(w.data, w.shape)));
    return m;
  },
  dispose: (m) => m.dispose(),
});
const hidden = param("hidden", 128);
const model = blob("model", { codec: modelCodec }); // BlobRef<Model>
const loss = blob<number>("loss");
const data = resource("data", {
  open: () => ({
    x: tf.tensor(new Float32Array(784), [1, 784]),
    y: tf.tensor(new Float32Array(10), [1, 10]),
  }),
  close: ({ x, y }) => {
    x.dispose();
    y.dispose();
  },
});
const build = task("build", { reads: { hidden }, writes: { model } }).run(({ hidden }) => ({
  model: tf.model(hidden),
}));
const fit = task("fit", {
  reads: { data },
  updates: { model },
  writes: { loss },
  retry: { attempts: 2 },
})
  .run(async ({ data, model }) => ({ loss: (await model.fit(data.x, data.y)).loss }));
const training = job("tfjs", {
  init: [build],
  epoch: [fit],
  until: epochs(10),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(2), keepBest({ min: loss })] },
});
export default training;
await main(import.meta, training);
