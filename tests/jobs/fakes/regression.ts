/** Linear regression, step by step, on data made from fixed weights. */

/** Rows of `WEIGHTS` numbers, and what each is to give. */
export interface Data {
  x: Float32Array;
  y: Float32Array;
}

const WEIGHTS = 1000;
const ROWS = 64;

/** Data that a wave over the weights explains. */
export function loadData(): Promise<Data> {
  const x = Float32Array.from({ length: ROWS * WEIGHTS }, (_, i) => Math.sin(i * i % 1013));
  const y = new Float32Array(ROWS);
  for (let row = 0; row < ROWS; row++) {
    for (let i = 0; i < WEIGHTS; i++) y[row]! += x[row * WEIGHTS + i]! * Math.cos(i / 7);
  }
  return Promise.resolve({ x, y });
}

/** One step (normalised least mean squares) for each of some rows drawn at random; gives the loss. */
export function descend(
  w: Float32Array,
  { x, y }: Data,
  rate: number,
  random: () => number,
): number {
  let loss = 0;
  for (let turn = 0; turn < ROWS; turn++) {
    const row = Math.floor(random() * ROWS);
    const inputs = x.subarray(row * WEIGHTS, (row + 1) * WEIGHTS);
    const error = inputs.reduce((sum, value, i) => sum + value * w[i]!, 0) - y[row]!;
    const norm = inputs.reduce((sum, value) => sum + value * value, 0);
    for (let i = 0; i < WEIGHTS; i++) w[i]! -= rate * error * inputs[i]! / norm;
    loss += error * error;
  }
  return loss / ROWS;
}
