/** A save of a large blob that no task wrote, against a save without that blob. */

import { join } from "@std/path";
import { save as bareSave } from "../limit.ts";
import { clear } from "../plain_peers.ts";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, find, interleaved, median, seconds } from "../stats.ts";
import { setCounter, Subject } from "../subject.ts";

const WITH = "Tidemark, beside a large blob";
const EMPTY = "Tidemark, without it";
const BARE = "bare loop: commit of a manifest that large";
/** More rounds than elsewhere, as each is short. */
const TIMES_ROUNDS = 4;

/** The row. */
export const untouched: Row = { title: "A large blob that no task wrote", measure };

async function measure({ folder, bytes, rounds, collect, log }: Bench): Promise<Outcome> {
  await using large = new Subject(join(folder, "large"));
  await using small = new Subject(join(folder, "small"));
  await large.init(bytes);
  await small.init(0);
  await large.save();
  const written = new Map<Subject, number>();
  const read = new Map<Subject, number>();
  const saveOf = async (subject: Subject): Promise<number> => {
    await subject.run(setCounter);
    collect();
    const { bytesWritten, bytesRead } = subject.store;
    const time = await subject.save();
    written.set(subject, subject.store.bytesWritten - bytesWritten);
    read.set(subject, subject.store.bytesRead - bytesRead);
    return 1000 * time;
  };
  const bare = async (): Promise<number> => {
    const path = join(folder, "bare");
    await clear(path);
    Deno.mkdirSync(path);
    const manifest = written.get(large) ?? 0;
    return 1000 * await seconds(() => bareSave(path, "epoch", new Uint8Array(0), manifest));
  };
  const figures = await interleaved(
    [
      { name: WITH, measure: () => saveOf(large) },
      { name: EMPTY, measure: () => saveOf(small) },
      { name: BARE, measure: bare },
    ],
    TIMES_ROUNDS * rounds,
    log,
  );
  const empty = find(figures, EMPTY).rounds;
  const more = median(
    find(figures, WITH).rounds.map((time, round) => time - (empty[round] ?? NaN)),
  );
  const manifest = written.get(large) ?? NaN;
  const others = (read.get(large) ?? NaN) - (read.get(small) ?? NaN);
  return {
    goals: [
      {
        goal: "no bytes of it read or written",
        measured: `${others} read; ${manifest} written, the manifest that names its blocks (${
          written.get(small)
        } without it)`,
        isMet: others === 0 && manifest < bytes / 1000,
      },
      {
        goal: "within 5 ms of an empty save",
        measured: `${digits(more)} ms more`,
        isMet: more <= 5,
        bound: `the manifest, which names every block of it: a bare commit of as many bytes takes ${
          digits(median(find(figures, BARE).rounds))
        } ms in all, so that most of it is encoding and checking`,
      },
    ],
    charts: [{ title: "a save", unit: "ms", figures }],
    notes: ["Both save one number that is set anew each time."],
  };
}
