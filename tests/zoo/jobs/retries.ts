/** Every first try fails, after it has changed what it updates and used its random numbers. */
import { blob, epochs, job, keepLast, main, task } from "tidemark";

class FirstTry extends Error {
  override readonly name = "FirstTry";
}

const cells = blob("cells", { initial: () => new Float64Array(40_000) }); // two blocks
const log = blob("log", { initial: (): string[] => [] });
const answers = blob("answers", { initial: () => new Map<string, number>() });

const stir = task("stir", { updates: { cells, log }, retry: { attempts: 2, delay: "1ms" } })
  .run(({ cells, log }, { rng, try: number, epoch }) => {
    const random = rng("stir");
    for (let move = 0; move < 50; move++) {
      const at = random.int(cells.length);
      cells[at] = (cells[at] ?? 0) + random();
    }
    log.push(`epoch ${epoch}`);
    if (number === 1) throw new FirstTry("with its work done");
  });

/** The pieces of a map are tried again each by itself. */
const ask = task("ask", { updates: { answers } })
  .run(async ({ answers }, { map, epoch }) => {
    const found = map("ask", [1, 2, 3, 4], (number, { rng, try: times }) => {
      const answer = rng("answer").normal() * number;
      if (times === 1) throw new FirstTry("of a piece");
      return answer;
    }, {
      key: (item) => `${item}`,
      concurrency: 2,
      retry: { attempts: 3, if: (error) => error instanceof FirstTry },
    });
    for (const answer of await found) answers.set(`${epoch}/${answers.size}`, answer);
  });

const retries = job("zoo-retries", {
  epoch: [stir, ask],
  until: epochs(3),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(2)] },
});
export default retries;
await main(import.meta, retries);
