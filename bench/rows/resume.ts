/** A resume, to the moment at which the first task starts, against the bare load. */

import { join } from "@std/path";
import { epochs, job, JobRunner, LocalSession, param, set, task } from "tidemark";
import { settle, warmFree } from "../collect.ts";
import { makeWeights } from "../data.ts";
import { readWhole } from "../limit.ts";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, find, interleaved, ratio, seconds } from "../stats.ts";
import { Subject, weights } from "../subject.ts";

const RESUME = "Tidemark, resume to the first task";
const LOAD = "Tidemark, the load alone";
const BARE = "bare loop: read into fresh memory";
/** How much a load takes, in the blob's size: what it gives, and what is compared with it later. */
const COPIES = 2;
/** More rounds than elsewhere, as few milliseconds decide. */
const TIMES_ROUNDS = 2;

/** The row. */
export const resume: Row = { title: "Resume to the first task", measure };

async function measure({ folder, bytes, rounds, log }: Bench): Promise<Outcome> {
  const count = param("epochs", 1, { integer: true, min: 1 });
  const make = task("make", { writes: { weights } }).run(() => ({ weights: makeWeights(bytes) }));
  const train = task("train", { updates: { weights } }).run(({ weights }) => {
    weights[0] = (weights[0] ?? 0) + 1;
  });
  const made = job("resume", {
    init: [make],
    epoch: [train],
    until: epochs(count),
    checkpoint: { to: `file:${folder}` },
  });
  {
    await using session = new LocalSession();
    await new JobRunner(made).run(session);
  }
  const resumeOnce = async (): Promise<number> => {
    await settle();
    const stop = new AbortController();
    let startedAt = NaN;
    await using session = new LocalSession({
      onEvent(event) {
        if (event.type !== "task-started") return;
        startedAt = performance.now();
        // What the epoch would do and save is not what is measured.
        stop.abort();
      },
    });
    const from = performance.now();
    const runner = new JobRunner(made, { resumeFromEpoch: "auto", set: [set(count, 2)] });
    await runner.run(session, { signal: stop.signal }).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    return (startedAt - from) / 1000;
  };
  const place = join(folder, "resume");
  const packs = await filesOf(join(place, "packs"));
  const figures = await interleaved(
    [
      { name: RESUME, measure: resumeOnce },
      {
        name: LOAD,
        async measure() {
          await using subject = new Subject(place);
          await settle();
          return await subject.load(1);
        },
      },
      {
        name: BARE,
        async measure() {
          await settle();
          return await seconds(() => packs.map(readWhole));
        },
      },
    ],
    TIMES_ROUNDS * rounds,
    log,
    () => warmFree(COPIES * bytes),
  );
  const times = ratio(find(figures, RESUME), find(figures, LOAD));
  const bound = `a bare read takes ${
    digits(ratio(find(figures, BARE), find(figures, RESUME)))
  } × the resume's time`;
  return {
    goals: [{
      goal: "at most 1.1 × the bare load",
      measured: `${digits(times)} ×`,
      isMet: times <= 1.1,
      bound,
    }],
    charts: [{ title: "until the state is there", unit: "s", figures }],
    notes: [
      "From the call of the runner to the event that starts the first task. Before each, free memory of twice the blob is used once, as for a load.",
    ],
  };
}

/** The files of the first save, which is nearly all there is. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) files.push(...await filesOf(path));
    else files.push(path);
  }
  return files;
}
