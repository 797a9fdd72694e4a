/** Asks a server that keeps every request: in each group, from tasks, steps and pieces. */
import { blob, type Context, epochs, job, main, on, param, task } from "tidemark";

const server = param("server", "http://127.0.0.1:1/unset");
const account = blob<string>("account");
const paid = blob("paid", { initial: (): string[] => [] });
const receipt = blob<string>("receipt");
const told = blob("told", { initial: (): string[] => [] });

/** Asks for a thing under the key of who asks; the answer depends on the path alone. */
async function ask(url: string, asking: Pick<Context, "idempotencyKey" | "signal">) {
  const { idempotencyKey, signal } = asking;
  const headers = { "Idempotency-Key": idempotencyKey };
  const response = await fetch(url, { method: "POST", headers, signal });
  return await response.text();
}

const open = task("open", { reads: { server }, writes: { account } })
  .run(async ({ server }, context) => ({
    account: (await ask(`${server}/init/0/open`, context)).replaceAll(/\W+/g, "-"),
  }));

/** Says of each piece that it has its result: with task grain it must not be asked for again. */
const pay = task("pay", { reads: { server, account }, updates: { paid } })
  .run(async ({ server, account, paid }, { map, step, epoch, log }) => {
    const url = `${server}/epoch/${epoch}`;
    const bills = [1, 2, 3, 4].map((bill) => `${account}-${bill}`);
    const options = { key: (bill: string) => bill, concurrency: 2 };
    const given = map("bill", bills, (bill, piece) => ask(`${url}/${bill}`, piece), options);
    const take = (answer: string): void => {
      log(answer);
      paid.push(answer);
    };
    for await (const answer of given) take(answer);
    take(await step("sum", (piece) => ask(`${url}/sum`, piece)));
  });

const tell = task("tell", { reads: { server, told }, writes: { told }, retry: { attempts: 2 } })
  .run(async ({ server, told }, context) => {
    const { epoch, node, try: time } = context;
    const answer = await ask(`${server}/epoch/${epoch}/tell-${node}?try=${time}`, context);
    if (time === 1) throw new Error("the first try always fails");
    return { told: [...told, answer] };
  });

const close = task("close", { reads: { server, paid }, writes: { receipt } })
  .run(async ({ server, paid }, context) => ({
    receipt: `${await ask(`${server}/exit/${context.epoch}/close`, context)} ${paid.length}`,
  }));

const effects = job("zoo-effects", {
  init: [open],
  epoch: [pay, tell, on("other", tell)],
  exit: [close],
  until: epochs(3),
  checkpoint: { to: "file:checkpoints" },
});
export default effects;
await main(import.meta, effects);
