/** A job whose saves are large enough for the writer thread: `large_job.ts <folder>`. */

import {
  blob,
  CheckpointManager,
  epochs,
  job,
  JobRunner,
  keepLast,
  LocalSession,
  task,
} from "tidemark";
import { setTimeout as delay } from "node:timers/promises";
import { digestOf } from "../../runtime/drill/digest.ts";

const LENGTH = 2 ** 20;

const weights = blob("weights", { initial: () => new Float64Array(LENGTH) });

/** Changes all of it in some epochs, and some blocks in the others, while the epoch before is saved. */
const train = task("train", { updates: { weights } }).run(async ({ weights }, { epoch, rng }) => {
  const next = rng("w");
  const step = epoch % 3 === 0 ? 1 : 5003;
  for (let index = 0; index < LENGTH; index += step) weights[index] = next() + epoch;
  await delay(15);
  weights[0] = epoch;
});

const large = job("large", {
  epoch: [train],
  until: epochs(12),
  checkpoint: { to: "file:unused", keep: [keepLast(2)] },
});

if (import.meta.main) {
  const [folder = ""] = Deno.args;
  const checkpoints = new CheckpointManager(folder, "file", { waitBytes: 0 });
  await using session = new LocalSession({
    onEvent: (event) => {
      if (event.type === "save-committed") console.log(`saved ${event.epoch}`);
    },
  });
  await new JobRunner(large, { checkpoints, resumeFromEpoch: "auto" }).run(session);
  console.log(`digest ${digestOf(await session.fetch(weights))}`);
}
