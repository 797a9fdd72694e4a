/**
 * Named streams of random numbers.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Rng } from "../../dsl/mod.ts";
import { philox } from "./philox.ts";

/** What names a stream: two streams that differ in any part share no numbers. */
export interface StreamId {
  /** The seed of the run. */
  readonly seed: number;
  /** The job. */
  readonly job: string;
  /** The group. */
  readonly phase: string;
  /** The epoch. */
  readonly epoch: number;
  /** The task, with its turn where it repeats. */
  readonly task: string;
  /** The node. */
  readonly node: string;
  /** The stream's name within the task. */
  readonly name: string;
  /** The piece of the task that it belongs to: its kind and names; none of the task itself. */
  readonly piece?: readonly string[];
}

const TWO_PI = 2 * Math.PI;

/**
 * Makes a stream: Philox4x32-10 with key and upper counter from the SHA-256 of its id.
 *
 * A call takes two words, `normal` four, `int` two for each try (more than one with a probability
 * under 2^-20 for a `below` under 2^32), `shuffle` as many as `int` for each item but the first.
 */
export function makeRng(id: StreamId): Rng {
  const stream = new Stream(id);
  const rng = (): number => stream.double();
  return Object.assign(rng, {
    normal: () => stream.normal(),
    int: (below: number) => stream.int(below),
    shuffle: <T>(items: T[]): T[] => stream.shuffle(items),
  });
}

class Stream {
  readonly #counter = new Uint32Array(4);
  readonly #key = new Uint32Array(2);
  readonly #block = new Uint32Array(4);
  #used = 4;

  constructor({ seed, job, phase, epoch, task, node, name, piece = [] }: StreamId) {
    const id = JSON.stringify([seed, job, phase, epoch, task, node, name, ...piece]);
    const digest = createHash("sha256").update(id).digest();
    this.#key[0] = digest.readUInt32LE(0);
    this.#key[1] = digest.readUInt32LE(4);
    this.#counter[2] = digest.readUInt32LE(8);
    this.#counter[3] = digest.readUInt32LE(12);
  }

  double(): number {
    const high = this.#word() >>> 5;
    return (high * 0x400_0000 + (this.#word() >>> 6)) / 0x20_0000_0000_0000;
  }

  /** Box and Muller's transform, of which only one of the two results is taken: no state is kept. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.double()));
    return radius * Math.cos(TWO_PI * this.double());
  }

  int(below: number): number {
    if (!Number.isSafeInteger(below) || below < 1) {
      throw new RangeError(`rng.int(${below}): give a whole number from 1 to 2^53 - 1`);
    }
    // Numbers from the incomplete last round of `below` would make the first ones likelier.
    const limit = 0x20_0000_0000_0000 - 0x20_0000_0000_0000 % below;
    for (;;) {
      const value = (this.#word() >>> 11) * 0x1_0000_0000 + this.#word();
      if (value < limit) return value % below;
    }
  }

  shuffle<T>(items: T[]): T[] {
    for (let index = items.length - 1; index > 0; index--) {
      const other = this.int(index + 1);
      const item = items[index] as T;
      items[index] = items[other] as T;
      items[other] = item;
    }
    return items;
  }

  #word(): number {
    if (this.#used === 4) {
      philox(this.#counter, this.#key, this.#block);
      this.#used = 0;
      const low = (this.#counter[0] ?? 0) + 1;
      this.#counter[0] = low;
      if (low > 0xffff_ffff) this.#counter[1] = (this.#counter[1] ?? 0) + 1;
    }
    return this.#block[this.#used++] ?? 0;
  }
}
