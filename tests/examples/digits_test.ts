import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseIdx, PIXELS, readDigits } from "../../examples/digits/mnist.ts";
import { accuracy, type Network, newNetwork, train } from "../../examples/digits/network.ts";
import { makeRng } from "../../runtime/rng/rng.ts";

function rng(name: string): ReturnType<typeof makeRng> {
  return makeRng({ seed: 7, job: "test", phase: "epoch", epoch: 1, task: "t", node: "main", name });
}

Deno.test("digits: all of MNIST is there", async () => {
  const [train, test] = [await readDigits("train"), await readDigits("test")];
  assertEquals([train.length, test.length], [60_000, 10_000]);
  assertEquals(train.images.length, 60_000 * PIXELS);
  const counts = new Array<number>(10).fill(0);
  for (const label of train.labels) counts[label] = (counts[label] ?? 0) + 1;
  assertEquals(counts, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
});

Deno.test("digits: a file that is none is refused", () => {
  assertThrows(() => parseIdx(new Uint8Array(3), []), Error, "not an IDX file");
  const file = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3);
  assertThrows(() => parseIdx(file, []), Error, "of 5 bytes has 3");
});

Deno.test("digits: learning goes down the gradient", async () => {
  const digits = await readDigits("test");
  const one = { ...digits, length: 1 };
  const loss = (net: Network): Promise<number> =>
    train(clone(net), one, [0], 0, () => Promise.resolve());
  const net = newNetwork(8, rng("weights").normal);
  const rate = 1e-3;
  const after = clone(net);
  await train(after, one, [0], rate, () => Promise.resolve());
  // The step is -rate times the gradient, which finite differences must confirm.
  for (const part of ["input", "inputBias", "output", "outputBias"] as const) {
    const index = net[part].findIndex((weight, i) => weight !== after[part][i]);
    assert(index >= 0, part);
    const gradient = ((net[part][index] ?? 0) - (after[part][index] ?? 0)) / rate;
    const [low, high] = [clone(net), clone(net)];
    const h = 2 ** -7;
    low[part][index]! -= h;
    high[part][index]! += h;
    const slope = (await loss(high) - await loss(low)) / (high[part][index]! - low[part][index]!);
    assert(
      Math.abs(slope - gradient) <= 0.05 * Math.abs(gradient) + 2e-3,
      `${part}: ${slope} ${gradient}`,
    );
  }
});

Deno.test("digits: four thousand images teach something, the same on each run", async () => {
  const [learned, test] = [await readDigits("train"), await readDigits("test")];
  const run = async (): Promise<Network> => {
    const net = newNetwork(16, rng("weights").normal);
    const order = rng("order").shuffle(Array.from({ length: 4000 }, (_, i) => i));
    await train(net, learned, order, 0.02, () => Promise.resolve());
    return net;
  };
  const [first, second] = [await run(), await run()];
  assertEquals(first, second);
  assert(accuracy(first, { ...test, length: 1000 }) > 0.6);
});

function clone(net: Network): Network {
  return structuredClone(net);
}
