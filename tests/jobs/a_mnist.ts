// A network with momentum learns digits, until its accuracy stands still.
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
import { type Net, newNet, readIdx, score, sgd } from "./fakes/net.ts";

const rate = param("learning-rate", 0.1, { min: 0 });
const hidden = param("hidden", 128, { integer: true, min: 1 });
const maxEpochs = param("epochs", 50, { integer: true, min: 1 });

const digits = resource("digits", { open: () => readIdx("train") }); // opened at each start, never saved
const tests = resource("tests", { open: () => readIdx("t10k") });
const net = blob<Net>("net");
const momentum = blob<Net>("momentum");
const loss = blob<number>("loss");
const accuracy = blob<number>("accuracy");

const start = task("start", { reads: { hidden }, writes: { net, momentum } })
  .run(({ hidden }, { rng }) => {
    const sizes = [784, hidden, 10];
    return { net: newNet(sizes, rng("weights").normal), momentum: newNet(sizes, () => 0) };
  });

const train = task("train", {
  reads: { digits, rate },
  updates: { net, momentum }, // changed in place
  writes: { loss },
  retry: { attempts: 3, delay: "2s" },
}).run(({ digits, rate, net, momentum }, { rng, progress }) => {
  const order = rng("order").shuffle(Array.from(digits.labels.keys()));
  return { loss: sgd(net, momentum, digits, rate, order, (done) => progress(done, order.length)) };
});

const evaluate = task("evaluate", { reads: { tests, net }, writes: { accuracy } })
  .run(({ tests, net }) => ({ accuracy: score(net, tests) }));

const report = task("report", {
  reads: { net: saved(net, { max: accuracy }), accuracy: saved(accuracy, { max: accuracy }) },
}).run(({ net, accuracy }, { log }) =>
  log(`best accuracy ${accuracy}`, { layers: net.layers.length })
);

const mnist = job("mnist", {
  init: [start],
  epoch: [train, evaluate],
  exit: [report],
  until: [epochs(maxEpochs), plateau({ max: accuracy }, { epochs: 5, minDelta: 0.0005 })],
  checkpoint: { to: "file:checkpoints", keep: [keepLast(2), keepBest({ max: accuracy })] },
});
export default mnist;
await main(import.meta, mnist);
