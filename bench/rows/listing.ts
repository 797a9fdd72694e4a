/** Listing a store with many epochs, and starting a job on it. */

import { join } from "@std/path";
import {
  CheckpointStore,
  epochs,
  FileStore,
  job,
  JobRunner,
  LocalSession,
  param,
  set,
  task,
} from "tidemark";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, find, interleaved, median, seconds } from "../stats.ts";
import { counter } from "../subject.ts";

const EPOCHS = 10_000;
/** More rounds than elsewhere, as each is short. */
const TIMES_ROUNDS = 2;
const LIST = "Tidemark, open and list";
const START = "Tidemark, resume to the first task";
const BARE = "bare loop: read the folder and sort";

/** The row. */
export const listing: Row = { title: "List 10,000 epochs, and start on such a store", measure };

async function measure({ folder, rounds, log, collect }: Bench): Promise<Outcome> {
  const count = param("epochs", EPOCHS, { integer: true, min: 1 });
  const add = task("add", { writes: { counter } }).run((_, { epoch }) => ({ counter: epoch }));
  const made = job("listing", {
    epoch: [add],
    until: epochs(count),
    checkpoint: { to: `file:${folder}`, durability: "none" },
  });
  {
    await using session = new LocalSession();
    await new JobRunner(made).run(session);
  }
  log(`saved ${EPOCHS} epochs`);
  const place = join(folder, "listing");
  const list = async (): Promise<number> => {
    collect();
    const time = await seconds(async () => {
      const store = await CheckpointStore.open(new FileStore(place));
      const { line } = await store.history();
      if (line.length <= EPOCHS) throw new Error(`only ${line.length} epochs were listed`);
    });
    return 1000 * time;
  };
  const start = async (): Promise<number> => {
    collect();
    const stop = new AbortController();
    let startedAt = NaN;
    await using session = new LocalSession({
      onEvent(event) {
        if (event.type !== "task-started") return;
        startedAt = performance.now();
        stop.abort();
      },
    });
    const from = performance.now();
    const runner = new JobRunner(made, { resumeFromEpoch: "auto", set: [set(count, EPOCHS + 1)] });
    await runner.run(session, { signal: stop.signal }).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    return startedAt - from;
  };
  const bare = async (): Promise<number> => {
    collect();
    return 1000 * await seconds(() => {
      Array.from(Deno.readDirSync(join(place, "epochs")), ({ name }) => name).sort();
    });
  };
  const figures = await interleaved(
    [
      { name: LIST, measure: list },
      { name: START, measure: start },
      { name: BARE, measure: bare },
    ],
    TIMES_ROUNDS * rounds,
    log,
  );
  const bareMs = median(find(figures, BARE).rounds);
  return {
    goals: ([[LIST, 60], [START, 100]] as const).map(([name, most]) => {
      const time = median(find(figures, name).rounds);
      return {
        goal: `${name === LIST ? "list" : "start"}: at most ${most} ms`,
        measured: `${digits(time)} ms`,
        isMet: time <= most,
        bound: `one bare read of the folder takes ${digits(bareMs)} ms`,
      };
    }),
    charts: [{ title: "with 10,000 epochs", unit: "ms", figures }],
    notes: ["Each start takes an attempt of its own, and ends at the event of its first task."],
  };
}
