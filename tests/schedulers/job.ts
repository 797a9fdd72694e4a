/**
 * The text of a job that stays in epoch 3 for as long as there is a file `hold` beside it, and in the
 * end says what it has come to.
 */
export const JOB = `
import { blob, epochs, job, main, task } from "tidemark";

const total = blob<number>("total", { initial: () => 0 });
const noise = blob<Float64Array>("noise", { initial: () => new Float64Array(64) });

const add = task("add", { reads: { total }, writes: { total }, updates: { noise } })
  .run(async ({ total, noise }, { epoch, rng, progress, log }) => {
    const random = rng("noise");
    for (let index = 0; index < noise.length; index++) noise[index]! += random();
    if (epoch === 3 && isHeld()) log("held in epoch 3");
    while (epoch === 3 && isHeld()) await progress(0, 1);
    return { total: total + epoch };
  });

const report = task("report", { reads: { total, noise } }).run(({ total, noise }, { log }) => {
  log("digest of all: " + total + "/" + noise.reduce((sum, part) => sum + part, 0));
});

const three = job("three", {
  epoch: [add],
  exit: [report],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints" },
});

export default three;
await main(import.meta, three);

function isHeld(): boolean {
  try {
    Deno.statSync(new URL("hold", import.meta.url));
    return true;
  } catch {
    return false;
  }
}
`;
