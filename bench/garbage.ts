/**
 * A loop without a store that makes and keeps about as many objects an epoch as a save does: what the
 * engine's heap comes to by itself. Prints the resident set at each epoch.
 */

import { generator } from "./data.ts";

interface Entry {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  readonly crc32: number;
}

/** Small objects that an epoch makes and lets go of at once. */
const PASSING = 10_000;

/** Runs so many epochs over a table of so many blocks, all of which change in each so-many-th. */
async function run(epochs: number, blocks: number, allEvery: number): Promise<readonly number[]> {
  const next = generator(7);
  const make = (epoch: number): Entry => ({
    pack: `packs/${epoch}`,
    offset: next(),
    length: 262_144,
    crc32: next(),
  });
  const samples: number[] = [];
  let table = Array.from({ length: blocks }, () => make(0));
  let sum = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    samples.push(Deno.memoryUsage().rss);
    table = table.slice();
    const changed = epoch % allEvery === 0 ? blocks : blocks / 100;
    for (let count = 0; count < changed; count++) table[next() % blocks] = make(epoch);
    const passing: number[][] = [];
    for (let count = 0; count < PASSING; count++) passing[count % 64] = [next(), epoch, count];
    sum += passing.length;
    await new Promise((resolve) => setTimeout(resolve));
  }
  if (sum === 0) throw new Error("nothing was made");
  return samples;
}

if (import.meta.main) {
  const [epochs = 0, blocks = 0, allEvery = 1] = Deno.args.map(Number);
  console.log(JSON.stringify(await run(epochs, blocks, allEvery)));
}
