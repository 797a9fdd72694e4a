/** Not resumable: asks the network for what is another each time, by a name that nothing else knows. */
import { blob, epochs, job, main, task } from "tidemark";

const names = blob<string>("names", { initial: () => "" });

const ask = task("ask", { reads: { names }, writes: { names } }).run(async ({ names }) => {
  const answer = await fetch(`data:text/plain,${crypto.randomUUID()}`);
  return { names: `${names} ${await answer.text()}` };
});

const badNetwork = job("zoo-bad-network", {
  epoch: [ask],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints" },
});
export default badNetwork;
await main(import.meta, badNetwork);
