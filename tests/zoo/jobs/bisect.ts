/** Stops by conditions put together, over blobs and params. */
import { all, any, blob, epochs, job, main, not, param, task, when } from "tidemark";

const tolerance = param("tolerance", 0.01, { min: 0 });
const mode = param("mode", "slow", { choices: ["slow", "fast"] });
const low = blob("low", { initial: () => 0 });
const high = blob("high", { initial: () => 2 });
const steps = blob("steps", { initial: (): string[] => [] });

/** Finds the root of 2. */
const halve = task("halve", {
  reads: { low, high, mode },
  updates: { steps },
  writes: { low, high },
}).run(({ low, high, mode, steps }, { rng }) => {
  const part = mode === "fast" ? 0.5 : 0.4 + rng("part")() / 5;
  const middle = low + (high - low) * part;
  steps.push(middle.toFixed(6));
  return middle * middle < 2 ? { low: middle, high } : { low, high: middle };
});

const isWide = when(
  { low, high, tolerance },
  ({ low, high, tolerance }) => high - low > tolerance,
);

const bisect = job("zoo-bisect", {
  epoch: [halve],
  until: any(all(epochs(3), not(isWide)), epochs(20)),
  checkpoint: { to: "file:checkpoints" },
});
export default bisect;
await main(import.meta, bisect);
