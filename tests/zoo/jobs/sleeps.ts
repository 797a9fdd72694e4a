/** Waits and asks for the time: whatever it was once told it is told again, and what is left is waited for. */
import { blob, epochs, job, keepLast, main, on, task } from "tidemark";

const NAP_MS = 12;

const naps = blob("naps", { initial: (): boolean[] => [] });

/** Says each time that it is told, so that those of several runs can be compared. */
const nap = task("nap", { reads: { naps }, writes: { naps }, retry: { attempts: 2 } })
  .run(async ({ naps }, { now, sleep, waitUntil, log, try: number }) => {
    const began = (await now()).getTime();
    log("began", { recorded: began });
    await sleep("nap", `${NAP_MS}ms`);
    if (number === 1) throw new Error("the first try always fails");
    await waitUntil("later", began + 2 * NAP_MS);
    const ended = (await now("end")).getTime();
    log("ended", { recorded: ended });
    return { naps: [...naps, ended - began >= 2 * NAP_MS] };
  });

const sleeps = job("zoo-sleeps", {
  init: [nap],
  epoch: [nap, on("other", nap)],
  exit: [nap],
  until: epochs(3),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(1)] },
});
export default sleeps;
await main(import.meta, sleeps);
