/** Groups that run in some epochs only, and scratch blobs that no checkpoint holds. */
import { blob, epochs, group, job, keepEvery, main, not, parallel, task, when } from "tidemark";

const number = blob("number", { initial: () => 27 });
const longest = blob("longest", { initial: () => 0 });
const path = blob("path", { initial: (): number[] => [] });
const halves = blob("halves", { initial: () => 0 });
const draft = blob<number[]>("draft", { scratch: true });
const noise = blob<Float64Array>("noise", { scratch: true });

const isOdd = when(number, (number) => number % 2 === 1);
const isEven = when(number, (number) => number % 2 === 0);

const prepare = task("prepare", { reads: { number }, writes: { draft, noise } })
  .run(({ number }, { rng }) => ({
    draft: [number],
    noise: Float64Array.from({ length: 3 }, rng("noise")),
  }));

const triple = task("triple", { reads: { number }, updates: { draft }, writes: { number } })
  .run(({ number, draft }) => {
    draft.push(3 * number + 1);
    return { number: 3 * number + 1 };
  });
const extend = task("extend", { reads: { number, longest }, writes: { longest } })
  .run(({ number, longest }) => ({ longest: Math.max(number, longest) }));

const halve = task("halve", { reads: { number, halves }, writes: { number, halves } })
  .run(({ number, halves }) => ({ number: number / 2, halves: halves + 1 }));

const keep = task("keep", { reads: { draft, noise }, updates: { path } })
  .run(({ draft, noise, path }) => {
    path.push(...draft, noise.reduce((sum, one) => sum + one, 0));
  });

const conditional = job("zoo-conditional", {
  epoch: [
    prepare,
    group({ if: isOdd }, triple, extend),
    parallel({ if: isEven }, halve),
    keep,
  ],
  until: [epochs(7), not(when(longest, (longest) => longest < 1000))],
  checkpoint: { to: "file:checkpoints", keep: [keepEvery(2)] },
});
export default conditional;
await main(import.meta, conditional);
