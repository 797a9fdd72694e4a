/** A small network of fully connected layers, trained by gradient descent with momentum. */
import { PIXELS, readDigits } from "../../../examples/digits/mnist.ts";

/** Images and what they show. */
export interface Split {
  images: Uint8Array;
  labels: Uint8Array;
}

/** The weights of a layer, `inputs × outputs`, and what each output adds. */
export interface Layer {
  w: Float32Array;
  b: Float32Array;
}

/** The layers, first to last. */
export interface Net {
  layers: Layer[];
}

const MOMENTUM = 0.5;

/** A few of the digits that MNIST is tested with: 1,500 to train with, and the 500 after them. */
export async function readIdx(name: "train" | "t10k"): Promise<Split> {
  const { images, labels } = await readDigits("test");
  const [from, to] = name === "train" ? [0, 1500] : [1500, 2000];
  return { images: images.slice(from * PIXELS, to * PIXELS), labels: labels.slice(from, to) };
}

/** A network whose layers have these sizes. */
export function newNet(sizes: number[], normal: () => number): Net {
  const layers = sizes.slice(1).map((to, at) => {
    const from = sizes[at] ?? 0;
    const w = Float32Array.from({ length: from * to }, () => normal() * Math.sqrt(1 / from));
    return { w, b: new Float32Array(to) };
  });
  return { layers };
}

/** The activations of all layers, the image's own pixels first. */
function forward(net: Net, { images }: Split, image: number): Float64Array<ArrayBuffer>[] {
  let at = Float64Array.from(
    images.subarray(image * PIXELS, (image + 1) * PIXELS),
    (pixel) => pixel / 255,
  );
  const all = [at];
  net.layers.forEach(({ w, b }, layer) => {
    const next = Float64Array.from(b);
    at.forEach((value, i) => {
      if (value === 0) return;
      for (let j = 0; j < next.length; j++) next[j]! += value * w[i * next.length + j]!;
    });
    const isLast = layer === net.layers.length - 1;
    at = isLast ? softmax(next) : next.map((value) => Math.max(value, 0));
    all.push(at);
  });
  return all;
}

function softmax(scores: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const greatest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - greatest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** One pass over the images in this order; gives the mean loss. */
export function sgd(
  net: Net,
  momentum: Net,
  data: Split,
  rate: number,
  order: number[],
  tick: (done: number) => void,
): number {
  let loss = 0;
  order.forEach((image, done) => {
    const acts = forward(net, data, image);
    const label = data.labels[image]!;
    let delta = acts.at(-1)!.slice();
    loss -= Math.log(Math.max(delta[label]!, 1e-12));
    delta[label]! -= 1;
    for (let layer = net.layers.length - 1; layer >= 0; layer--) {
      delta = step(net.layers[layer]!, momentum.layers[layer]!, acts[layer]!, delta, rate / 10);
    }
    if (done % 250 === 249) tick(done + 1);
  });
  return loss / order.length;
}

/** Moves a layer; gives the gradient of what went into it. */
function step(
  layer: Layer,
  momentum: Layer,
  input: Float64Array,
  delta: Float64Array,
  rate: number,
): Float64Array<ArrayBuffer> {
  const size = delta.length;
  const before = new Float64Array(input.length);
  for (let i = 0; i < input.length; i++) {
    if (input[i] === 0) continue;
    for (let j = 0; j < size; j++) {
      const k = i * size + j;
      before[i]! += layer.w[k]! * delta[j]!;
      momentum.w[k] = MOMENTUM * momentum.w[k]! - rate * input[i]! * delta[j]!;
      layer.w[k]! += momentum.w[k]!;
    }
  }
  for (let j = 0; j < size; j++) {
    momentum.b[j] = MOMENTUM * momentum.b[j]! - rate * delta[j]!;
    layer.b[j]! += momentum.b[j]!;
  }
  return before;
}

/** The share of images whose digit the network finds. */
export function score(net: Net, data: Split): number {
  let right = 0;
  data.labels.forEach((label, image) => {
    const scores = forward(net, data, image).at(-1)!;
    if (scores.indexOf(Math.max(...scores)) === label) right++;
  });
  return right / data.labels.length;
}
