/** Repeats within repeats: each turn has random numbers of its own, and order counts. */
import { blob, epochs, job, main, param, repeat, sequence, task } from "tidemark";

const turns = param("turns", 2, { integer: true, min: 1 });
const hash = blob("hash", { initial: () => 1n });
const path = blob("path", { initial: (): string[] => [] });
const sum = blob("sum", { initial: () => 0 });

const MODULUS = (1n << 61n) - 1n;

const inner = task("inner", { reads: { hash }, updates: { path }, writes: { hash } })
  .run(({ hash, path }, { rng }) => {
    const drawn = rng("digit").int(10);
    path.push(`i${drawn}`);
    return { hash: (hash * 31n + BigInt(drawn)) % MODULUS };
  });

const outer = task("outer", { reads: { hash }, updates: { path }, writes: { hash } })
  .run(({ hash, path }, { rng }) => {
    const drawn = rng("digit").int(10);
    path.push(`o${drawn}`);
    return { hash: (hash * 37n + BigInt(drawn)) % MODULUS };
  });

/** Shares nothing with the others, so that its turns run beside theirs. */
const aside = task("aside", { reads: { sum }, writes: { sum } })
  .run(({ sum }, { rng }) => ({ sum: sum / 2 + rng("aside")() }));

const last = task("last", { reads: { hash, sum }, writes: { hash } })
  .run(({ hash, sum }) => ({ hash: hash + BigInt(Math.floor(sum * 1e6)) }));

const nestedRepeat = job("zoo-nested-repeat", {
  epoch: [
    repeat(turns, sequence(repeat(2, inner, repeat(turns, aside)), outer)),
    last,
  ],
  until: epochs(3),
  checkpoint: { to: "file:checkpoints", durability: "none" },
});
export default nestedRepeat;
await main(import.meta, nestedRepeat);
