/** A network with one hidden layer, in plain typed arrays: a value that can be saved as it is. */
import { type Digits, PIXELS } from "./mnist.ts";

/** The weights; `hidden` units between 784 pixels and 10 digits. */
export interface Network {
  /** How many hidden units there are. */
  readonly hidden: number;
  /** From pixels to hidden units, by pixel: `PIXELS × hidden`. */
  readonly input: Float32Array;
  /** What each hidden unit adds. */
  readonly inputBias: Float32Array;
  /** From hidden units to digits, by unit: `hidden × 10`. */
  readonly output: Float32Array;
  /** What each digit adds. */
  readonly outputBias: Float32Array;
}

const DIGITS = 10;

/** A new network, with weights from a normal distribution scaled to each layer's width (He, 2015). */
export function newNetwork(hidden: number, normal: () => number): Network {
  const weights = (from: number, to: number): Float32Array =>
    Float32Array.from({ length: from * to }, () => normal() * Math.sqrt(2 / from));
  return {
    hidden,
    input: weights(PIXELS, hidden),
    inputBias: new Float32Array(hidden),
    output: weights(hidden, DIGITS),
    outputBias: new Float32Array(DIGITS),
  };
}

/** What one pass through the network leaves. */
class Activations {
  readonly hidden: Float64Array;
  readonly delta: Float64Array;
  readonly scores = new Float64Array(DIGITS);
  /** The pixels that are not zero: most are, and they change nothing. */
  readonly lit = new Int32Array(PIXELS);
  litCount = 0;

  constructor(hidden: number) {
    this.hidden = new Float64Array(hidden);
    this.delta = new Float64Array(hidden);
  }
}

/** Runs an image through the network; afterwards `scores` are the digits' probabilities. */
function forward(net: Network, digits: Digits, image: number, at: Activations): void {
  const { hidden, input, inputBias, output, outputBias } = net;
  at.hidden.set(inputBias);
  at.litCount = 0;
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const grey = digits.images[image * PIXELS + pixel]!;
    if (grey === 0) continue;
    at.lit[at.litCount++] = pixel;
    const value = grey / 255;
    for (let unit = 0, w = pixel * hidden; unit < hidden; unit++, w++) {
      at.hidden[unit]! += value * input[w]!;
    }
  }
  at.scores.set(outputBias);
  for (let unit = 0; unit < hidden; unit++) {
    const value = at.hidden[unit]!;
    if (value <= 0) {
      at.hidden[unit] = 0;
      continue;
    }
    for (let digit = 0, w = unit * DIGITS; digit < DIGITS; digit++, w++) {
      at.scores[digit]! += value * output[w]!;
    }
  }
  softmax(at.scores);
}

function softmax(scores: Float64Array): void {
  let greatest = -Infinity;
  for (const score of scores) greatest = Math.max(greatest, score);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i] = Math.exp(scores[i]! - greatest);
  for (let i = 0; i < scores.length; i++) scores[i]! /= sum;
}

/** Moves the weights against the gradient of one image; gives its cross entropy. */
function learn(net: Network, digits: Digits, image: number, rate: number, at: Activations): number {
  const { hidden, input, inputBias, output, outputBias } = net;
  forward(net, digits, image, at);
  const label = digits.labels[image]!;
  const loss = -Math.log(Math.max(at.scores[label]!, 1e-12));
  at.scores[label]! -= 1;
  for (let unit = 0; unit < hidden; unit++) {
    const value = at.hidden[unit]!;
    at.delta[unit] = 0;
    if (value <= 0) continue;
    let sum = 0;
    for (let digit = 0, w = unit * DIGITS; digit < DIGITS; digit++, w++) {
      sum += at.scores[digit]! * output[w]!;
      output[w]! -= rate * at.scores[digit]! * value;
    }
    at.delta[unit] = rate * sum;
    inputBias[unit]! -= at.delta[unit]!;
  }
  for (let digit = 0; digit < DIGITS; digit++) outputBias[digit]! -= rate * at.scores[digit]!;
  for (let i = 0; i < at.litCount; i++) {
    const pixel = at.lit[i]!;
    const value = digits.images[image * PIXELS + pixel]! / 255;
    for (let unit = 0, w = pixel * hidden; unit < hidden; unit++, w++) {
      input[w]! -= value * at.delta[unit]!;
    }
  }
  return loss;
}

/** One pass over all images in this order; gives the mean loss. `onImages` is called now and then. */
export async function train(
  net: Network,
  digits: Digits,
  order: Uint32Array | readonly number[],
  rate: number,
  onImages: (done: number) => Promise<void>,
): Promise<number> {
  const at = new Activations(net.hidden);
  let loss = 0;
  for (let i = 0; i < order.length; i++) {
    loss += learn(net, digits, order[i]!, rate, at);
    if (i % 100 === 99) await onImages(i + 1);
  }
  return loss / order.length;
}

/** The share of images whose digit the network finds. */
export function accuracy(net: Network, digits: Digits): number {
  const at = new Activations(net.hidden);
  let right = 0;
  for (let image = 0; image < digits.length; image++) {
    forward(net, digits, image, at);
    let best = 0;
    for (let digit = 1; digit < DIGITS; digit++) {
      if (at.scores[digit]! > at.scores[best]!) best = digit;
    }
    if (best === digits.labels[image]) right++;
  }
  return right / digits.length;
}
