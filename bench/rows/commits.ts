/** Small durable commits, one after another. */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { join } from "@std/path";
import { epochs, job, JobRunner, keepLast, LocalSession, task } from "tidemark";
import { commit } from "../limit.ts";
import type { Bench, Outcome, Row } from "../row.ts";
import {
  type Contender,
  digits,
  type Figures,
  find,
  interleaved,
  ratio,
  seconds,
} from "../stats.ts";
import { counter, setCounter, Subject } from "../subject.ts";

const COMMITS = 100;
/** Commits before the clock starts: a job makes many more, and the first ones are compiled meanwhile. */
const COMMITS_BEFORE = 1000;
/**
 * Commits a round of what removes a file with each, and so many before the first: ext4 passes over every
 * inode that was freed in the last minutes, one by one, to make a new file, so that many of them would slow
 * down whatever is measured beside them.
 */
const FREEING_COMMITS = 20;
/** The size of what the peers commit: that of a manifest with one number. */
const COMMIT_BYTES = 400;
/** More rounds than elsewhere, as each is short, and a disk is not for long as it was. */
const TIMES_ROUNDS = 4;
const OWN = "Tidemark, save of one number";
const KEPT = "Tidemark, an epoch of a job with keepLast(3)";
const BARE = "bare loop: write, fsync, link, folder fsync";
const DELETE = "node:sqlite, FULL, DELETE";
const WAL = "node:sqlite, FULL, WAL";

/** How often something is repeated. */
interface Repeats {
  /** Is done before each, and does not count. */
  readonly before?: () => Promise<void>;
  /** How often a round. */
  readonly times?: number;
  /** How often before the first round. */
  readonly timesBefore?: number;
}

/** The row. */
export const commits: Row = { title: "Small durable commits", measure };

async function measure({ folder, rounds, log }: Bench): Promise<Outcome> {
  await using subject = new Subject(join(folder, "store"));
  await subject.init(0);
  Deno.mkdirSync(join(folder, "bare"));
  let number = 0;
  const bytes = new Uint8Array(COMMIT_BYTES).fill(1);
  /** Gives the milliseconds of a commit; what is committed is made before the clock starts. */
  const many = (
    name: string,
    run: () => unknown,
    { before, times = COMMITS, timesBefore = COMMITS_BEFORE }: Repeats = {},
  ): Contender => {
    const repeat = async (times: number) => {
      let time = 0;
      for (let count = 0; count < times; count++) {
        await before?.();
        time += await seconds(run);
      }
      return 1000 * time / times;
    };
    let isWarm = false;
    return {
      name,
      async measure() {
        // No garbage is collected before a round, as elsewhere: there is little, and a collection that is
        // asked for throws compiled code away, so that whoever is written in script would be compiled again
        // in each round.
        if (!isWarm) await repeat(timesBefore);
        isWarm = true;
        return await repeat(times);
      },
    };
  };
  using full = new Database(join(folder, "delete.db"), "DELETE");
  using wal = new Database(join(folder, "wal.db"), "WAL");
  const figures = await interleaved(
    [
      many(OWN, () => subject.save(), { before: () => subject.run(setCounter) }),
      many(BARE, () => commit(join(folder, "bare", `${number++}`), bytes)),
      many(DELETE, () => full.insert(bytes), {
        times: FREEING_COMMITS,
        timesBefore: FREEING_COMMITS,
      }),
      many(WAL, () => wal.insert(bytes)),
    ],
    TIMES_ROUNDS * rounds,
    log,
  );
  // Behind the others, as it frees inodes too.
  const kept = await interleaved(
    [{ name: KEPT, measure: () => keeping(join(folder, "kept")) }],
    TIMES_ROUNDS * rounds,
    log,
  );
  const own = find(figures, OWN);
  const rate = ratio(find(figures, BARE), own);
  const sql = ratio(find(figures, DELETE), own);
  const inWal = ratio(find(figures, WAL), own);
  const bound = `per commit: ${each(figures)}`;
  return {
    goals: [
      {
        goal: "at least 0.7 × the rate of the bare loop",
        measured: `${digits(rate)} ×`,
        isMet: rate >= 0.7,
        bound,
      },
      {
        goal: "ahead of node:sqlite, FULL, DELETE",
        measured: `${digits(sql)} × its rate (WAL: ${digits(inWal)} ×)`,
        isMet: sql >= 1,
        bound,
      },
    ],
    charts: [{ title: "a commit", unit: "ms", figures: [...figures, ...kept] }],
    notes: [
      `${COMMITS} commits a round, after ${COMMITS_BEFORE} before the first, and no garbage collection that is asked for between them; of DELETE mode ${FREEING_COMMITS}, after ${FREEING_COMMITS}, each of which frees an inode, over all of which ext4 steps for minutes to make a new file. With keepLast(3), measured behind the others, each epoch also removes one, which takes a record and folder syncs of its own.`,
    ],
  };
}

function each(figures: readonly Figures[]): string {
  return [OWN, BARE, DELETE].map((name) => {
    const { rounds } = find(figures, name);
    return `${name} ${digits(Math.min(...rounds))} ms at best`;
  }).join(", ");
}

/** Runs a small job that keeps its last three epochs; gives the milliseconds of an epoch. */
async function keeping(place: string): Promise<number> {
  const count = task("count", { writes: { counter } }).run((_, { epoch }) => ({ counter: epoch }));
  const made = job(`kept-${crypto.randomUUID()}`, {
    epoch: [count],
    until: epochs(COMMITS),
    checkpoint: { to: `file:${place}`, keep: [keepLast(3)] },
  });
  await using session = new LocalSession();
  return 1000 * await seconds(() => new JobRunner(made).run(session)) / COMMITS;
}

/** A table to which each insert is a transaction. */
class Database implements Disposable {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;

  constructor(path: string, mode: "DELETE" | "WAL") {
    this.#database = new DatabaseSync(path);
    this.#database.exec(`PRAGMA journal_mode = ${mode}; PRAGMA synchronous = FULL;`);
    this.#database.exec("CREATE TABLE saved (epoch INTEGER PRIMARY KEY, state BLOB)");
    this.#insert = this.#database.prepare("INSERT INTO saved (state) VALUES (?)");
  }

  insert(bytes: Uint8Array): void {
    this.#insert.run(bytes);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
