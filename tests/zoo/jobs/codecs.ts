/** Blobs that only their codecs can look into: one asynchronous, one that must be disposed of. */
import { blob, codec, epochs, job, keepLast, main, on, task } from "tidemark";

/** A list of numbers that compresses itself. */
class Rolls {
  readonly #rolls: number[];
  constructor(rolls: readonly number[]) {
    this.#rolls = [...rolls];
  }
  get all(): readonly number[] {
    return this.#rolls;
  }
  add(roll: number): void {
    this.#rolls.push(roll);
  }
}

/** Stands for memory of another owner, which is freed by hand. */
class Tensor {
  isFreed = false;
  constructor(readonly data: Float32Array) {}
  get values(): Float32Array {
    if (this.isFreed) throw new Error("this tensor was freed");
    return this.data;
  }
}

const rolls = blob("rolls", {
  initial: () => new Rolls([]),
  codec: codec({
    encode: (rolls: Rolls) => Promise.resolve(Uint8Array.from(rolls.all)),
    decode: (rolls) => Promise.resolve(new Rolls([...rolls])),
  }),
});
const tensor = blob("tensor", {
  initial: () => new Tensor(new Float32Array(5)),
  codec: codec({
    encode: (tensor: Tensor) => tensor.values.slice(),
    decode: (values) => new Tensor(values),
    dispose: (tensor) => void (tensor.isFreed = true),
  }),
});

const roll = task("roll", { updates: { rolls } })
  .run(({ rolls }, { rng }) => rolls.add(rng("roll").int(6)));
const replace = task("replace", { reads: { rolls, tensor }, writes: { tensor } })
  .run(({ rolls, tensor }, { rng }) => ({
    tensor: new Tensor(tensor.values.map((value) => value / 2 + rolls.all.length * rng("t")())),
  }));

const codecs = job("zoo-codecs", {
  epoch: [roll, replace, on("other", roll)],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(2)] },
});
export default codecs;
await main(import.meta, codecs);
