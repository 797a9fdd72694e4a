// Learns handwritten digits: all of MNIST, a small network in plain typed arrays.
//
//   deno run --allow-read=examples/checkpoints --allow-write=examples/checkpoints examples/digits.ts
//
// Kill it whenever you like, and run it again: it ends with the same weights, to the last bit.
import {
  blob,
  epochs,
  job,
  keepBest,
  keepLast,
  main,
  param,
  plateau,
  resource,
  saved,
  task,
} from "tidemark";
import { readDigits } from "./digits/mnist.ts";
import { accuracy as measure, type Network, newNetwork, train } from "./digits/network.ts";

const hidden = param("hidden", 64, { integer: true, min: 1, max: 4096 });
const rate = param("learning-rate", 0.02, { min: 0 });
const maxEpochs = param("epochs", 8, { integer: true, min: 1 });
const images = param("images", 60_000, { integer: true, min: 1, max: 60_000 });

// Resources are opened at each start, fresh or resumed, and never saved.
const trainSet = resource("train-set", {
  open: () => readDigits("train"),
  stamp: ({ length }) => length,
});
const testSet = resource("test-set", {
  open: () => readDigits("test"),
  stamp: ({ length }) => length,
});

// Blobs are what is saved.
const network = blob<Network>("network");
const loss = blob<number>("loss");
const accuracy = blob<number>("accuracy");

const start = task("start", { reads: { hidden }, writes: { network } })
  .run(({ hidden }, { rng }) => ({ network: newNetwork(hidden, rng("weights").normal) }));

const learn = task("learn", {
  reads: { trainSet, rate, images },
  updates: { network }, // changed in place
  writes: { loss },
}).run(async ({ trainSet, rate, images, network }, { rng, epoch, progress }) => {
  const order = rng("order").shuffle(Array.from(trainSet.labels.keys())).slice(0, images);
  const now = rate / (1 + 0.4 * (epoch - 1));
  return { loss: await train(network, trainSet, order, now, (done) => progress(done, images)) };
});

const evaluate = task("evaluate", { reads: { testSet, network }, writes: { accuracy } })
  .run(({ testSet, network }, { log }) => {
    const share = measure(network, testSet);
    log(`test accuracy ${(100 * share).toFixed(2)} %`, { accuracy: share });
    return { accuracy: share };
  });

const report = task("report", { reads: { best: saved(accuracy, { max: accuracy }) } })
  .run(({ best }, { log }) => log(`the best saved epoch has ${(100 * best).toFixed(2)} %`));

const digits = job("digits", {
  init: [start],
  epoch: [learn, evaluate],
  exit: [report],
  until: [epochs(maxEpochs), plateau({ max: accuracy }, { epochs: 3 })],
  checkpoint: { to: "file:checkpoints", keep: [keepLast(3), keepBest({ max: accuracy })] },
});

export default digits;
await main(import.meta, digits); // does nothing when imported
