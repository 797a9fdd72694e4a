/** A full save of one large blob, all of it changed; and the first save of all, with cold memory. */

import { join } from "@std/path";
import { epochs, job, JobRunner, LocalSession, task } from "tidemark";
import { warmFree } from "../collect.ts";
import { bytesOf, changeAll, makeWeights } from "../data.ts";
import { compareAndCopy, save as bareSave } from "../limit.ts";
import { cborSave, clear, ddSave, v8Save } from "../plain_peers.ts";
import { PythonPeers } from "../python.ts";
import type { Bench, Goal, Outcome, Row } from "../row.ts";
import {
  type Contender,
  digits,
  type Figures,
  find,
  interleaved,
  ratio,
  seconds,
} from "../stats.ts";
import { changing, Subject, weights } from "../subject.ts";

const WARM = "Tidemark, warm";
const COLD = "Tidemark, the first";
const BARE = "bare loop: the same system calls";
const WITH_COPY = "bare loop, compare and copy before it";
const FRESH_COPY = "bare loop, copy into fresh memory before it";
const DD = "dd, 8 MiB blocks, fsync";
const CBOR = "cbor-x + writeFile + fsync";
const V8 = "v8.serialize + writeFile + fsync";
/** How much the first save and its blob take, in the blob's size: it, what it is compared with, and the system's cache. */
const COPIES = 3;
/** About as much as the manifest of a blob of 1 GiB. */
const MANIFEST_BYTES = 100_000;
const PYTHON = ["torch.save", "safetensors", "Orbax"] as const;

/** The row. */
export const save: Row = { title: "Full save, all changed, durable", measure };

async function measure(bench: Bench): Promise<Outcome> {
  const { folder, bytes, collect } = bench;
  await using subject = new Subject(join(folder, "warm"));
  await subject.init(bytes);
  await subject.save();
  await using torch = await PythonPeers.start("torch", bytes);
  await using orbax = await PythonPeers.start("orbax", bytes);
  const values = await subject.weights();
  const copy = new Uint8Array(bytes);
  const timed = (
    name: string,
    run: (path: string) => unknown,
    prepare: () => unknown = () => {},
  ): Contender => ({
    name,
    measure: async () => {
      const path = join(folder, "peer");
      await clear(path);
      prepare();
      collect();
      let isThere: unknown;
      const time = await seconds(async () => isThere = await run(path));
      await clear(path);
      return isThere === false ? undefined : time;
    },
  });
  const bare = (path: string, saved: Uint8Array = bytesOf(values)): void => {
    Deno.mkdirSync(path);
    bareSave(path, "epoch", saved, MANIFEST_BYTES);
  };
  const figures = await interleaved(
    [
      { name: WARM, measure: () => warm(subject, bench) },
      { name: COLD, measure: () => cold(bench) },
      timed(BARE, (path) => bare(path)),
      timed(WITH_COPY, (path) => {
        compareAndCopy(bytesOf(values), copy);
        bare(path);
      }, () => copy.fill(0)),
      timed(FRESH_COPY, (path) => {
        const fresh = new Uint8Array(new SharedArrayBuffer(bytes));
        fresh.set(bytesOf(values));
        bare(path, fresh);
      }),
      timed(DD, (path) => ddSave(path, bytes)),
      timed(CBOR, (path) => cborSave(path, values)),
      timed(V8, (path) => v8Save(path, values)),
      ...[torch, torch, orbax].map((peers, index): Contender => ({
        name: PYTHON[index] ?? "",
        measure: async () => {
          const path = join(folder, "peer");
          await clear(path);
          const peer = ["torch", "safetensors", "orbax"][index] ?? "";
          const answer = await peers?.ask({ do: "save", peer, path });
          await clear(path);
          return answer?.seconds;
        },
      })),
    ],
    bench.rounds,
    bench.log,
    () => warmFree(COPIES * bytes),
  );
  return { goals: goalsOf(figures), charts: [{ title: "a save", unit: "s", figures }], notes };
}

const notes = [
  "One Float32Array of random numbers; every number is changed before each save. Files and folders are synced by all. Tidemark divides what it writes among eight packs; the bare loop writes one.",
  "The first save is epoch 0 of a job: it has a session, a store and memory of its own each round; its blob is there before the clock starts.",
  "Before each save, free memory of three times the blob is used once: a virtual machine gives what is freed back to its host, and who comes next would pay for it.",
];

async function warm(subject: Subject, { bytes, collect }: Bench): Promise<number> {
  await subject.run(changing(changeAll));
  collect();
  const before = subject.store.bytesWritten;
  const time = await subject.save();
  if (subject.store.bytesWritten - before < bytes) throw new Error("it was no full save");
  await subject.dropOlderPacks();
  return time;
}

async function cold({ folder, bytes, collect }: Bench): Promise<number> {
  const path = join(folder, "cold");
  const make = task("make", { writes: { weights } }).run(() => ({ weights: makeWeights(bytes) }));
  const made = job("cold", {
    init: [make],
    epoch: [],
    until: epochs(1),
    checkpoint: { to: `file:${path}`, durability: "power" },
  });
  let time = NaN;
  {
    await using session = new LocalSession({
      onEvent(event) {
        if (event.type === "phase-finished" && event.phase === "init") collect();
        if (event.type === "save-committed" && event.epoch === 0) time = event.durationMs / 1000;
      },
    });
    await new JobRunner(made).run(session);
  }
  await clear(path);
  collect();
  return time;
}

function goalsOf(figures: readonly Figures[]): Goal[] {
  const own = find(figures, WARM);
  const to = (name: string, of: Figures = own): number => ratio(find(figures, name), of);
  const limit = to(BARE);
  const bound = `the bare loop of the same system calls takes ${
    digits(limit)
  } × Tidemark's time, with compare and copy ${digits(to(WITH_COPY))} ×, dd ${digits(to(DD))} ×`;
  const speed = (name: string, goal: string, least: number): Goal => {
    const times = to(name);
    const isMet = Number.isNaN(times) ? undefined : times >= least;
    const measured = Number.isNaN(times) ? "not installed" : `${digits(times)} × its speed`;
    return { goal, measured, isMet, bound };
  };
  return [
    speed(DD, "warm: at least 0.9 × dd with fsync", 0.9),
    speed(CBOR, "at least 3 × cbor-x + writeFile + fsync", 3),
    ...[...PYTHON, V8].map((name) => speed(name, `ahead of ${name}`, 1)),
    ...firstGoals(figures),
  ];
}

function firstGoals(figures: readonly Figures[]): Goal[] {
  const own = find(figures, COLD);
  return ([[DD, 0.9], [CBOR, 3]] as const).map(([name, least]) => {
    const times = ratio(find(figures, name), own);
    return {
      goal: `the first, cold: at least ${least} × ${name}`,
      measured: `${digits(times)} × its speed`,
      isMet: Number.isNaN(times) ? undefined : times >= least,
      bound: `the bare loop that copies into fresh memory first, as a snapshot must, takes ${
        digits(ratio(find(figures, FRESH_COPY), own))
      } × its time, without that copy ${digits(ratio(find(figures, BARE), own))} ×`,
    };
  });
}
