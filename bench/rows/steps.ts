/** Durable steps, one after another, against those who do nothing else. */

import { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import { blob, epochs, job, JobRunner, LocalSession, task } from "tidemark";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, find, interleaved, ratio } from "../stats.ts";
import { peerStep, Postgres } from "../step_peers.ts";

const STEPS = 600;
/** More rounds than elsewhere, as each is short. */
const TIMES_ROUNDS = 2;
const OWN = "Tidemark, a step";
const WAL = "node:sqlite, FULL, WAL, a row a step";
const DELETE = "node:sqlite, FULL, DELETE, a row a step";
const DBOS = "DBOS on Postgres";
const OPEN = "OpenWorkflow on SQLite";
const BARE = "bare loop: write 200 bytes over zeros, fdatasync";

/** The row. */
export const steps: Row = { title: "A durable step", measure };

async function measure({ folder, rounds, log }: Bench): Promise<Outcome> {
  await using postgres = await Postgres.start();
  let made = 0;
  const figures = await interleaved(
    [
      { name: OWN, measure: () => ownSteps(join(folder, `own-${made++}`)) },
      { name: WAL, measure: () => rows(join(folder, `wal-${made++}`), "WAL") },
      { name: DELETE, measure: () => rows(join(folder, `delete-${made++}`), "DELETE") },
      { name: BARE, measure: () => bareSteps(join(folder, `bare-${made++}`)) },
      {
        name: DBOS,
        measure: async () => postgres && await peerStep("dbos", STEPS, postgres.url),
      },
      {
        name: OPEN,
        measure: () => peerStep("openworkflow", STEPS, join(folder, `open-${made++}.db`)),
      },
    ],
    TIMES_ROUNDS * rounds,
    log,
  );
  const own = find(figures, OWN);
  const goals = [DBOS, OPEN, DELETE, WAL].map((name) => {
    const times = ratio(find(figures, name), own);
    const isMet = Number.isNaN(times) ? undefined : times > 1;
    const measured = isMet === undefined ? "not installed" : `${digits(times)} × its rate`;
    const bound = `the bare loop takes ${digits(ratio(find(figures, BARE), own))} × its time; ` +
      "the rest is JavaScript: the step's own function, a sealed record, and the look for another runner";
    return { goal: `ahead of ${name}`, measured, isMet, ...isMet === false ? { bound } : {} };
  });
  return {
    goals,
    charts: [{ title: "a step", unit: "ms", figures }],
    notes: [
      `${STEPS} steps of one task or workflow, each durable before the next one begins (fsync everywhere).`,
    ],
  };
}

/** The milliseconds of a step of a task. */
async function ownSteps(place: string): Promise<number> {
  const sum = blob("sum", { initial: () => 0 });
  let took = NaN;
  const add = task("add", { writes: { sum } }).run(async (_, { step }) => {
    let sum = 0;
    const from = performance.now();
    for (let number = 0; number < STEPS; number++) {
      sum += await step(`step-${number}`, () => number);
    }
    took = performance.now() - from;
    return { sum };
  });
  const made = job("steps", {
    epoch: [add],
    until: epochs(1),
    checkpoint: { to: `file:${place}`, grain: "task" },
  });
  await using session = new LocalSession();
  await new JobRunner(made).run(session);
  return took / STEPS;
}

/** The milliseconds of a step that does nothing but be durable. */
function bareSteps(path: string): Promise<number> {
  using file = Deno.openSync(path, { write: true, createNew: true });
  file.writeSync(new Uint8Array(256 * 1024));
  file.syncDataSync();
  file.seekSync(0, Deno.SeekMode.Start);
  const record = new Uint8Array(200).fill(1);
  const from = performance.now();
  for (let step = 0; step < STEPS; step++) {
    file.writeSync(record);
    file.syncDataSync();
  }
  return Promise.resolve((performance.now() - from) / STEPS);
}

function rows(path: string, mode: "WAL" | "DELETE"): Promise<number> {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = ${mode}; PRAGMA synchronous = FULL;`);
  database.exec("CREATE TABLE steps (name TEXT PRIMARY KEY, result BLOB)");
  const insert = database.prepare("INSERT INTO steps VALUES (?, ?)");
  const from = performance.now();
  for (let step = 0; step < STEPS; step++) insert.run(`step-${step}`, new Uint8Array(16));
  const took = performance.now() - from;
  database.close();
  return Promise.resolve(took / STEPS);
}
