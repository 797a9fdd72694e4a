/** A full load of one large blob out of the system's cache, with every byte summed afterwards. */

import { crc32 } from "node:zlib";
import { join } from "@std/path";
import { settle, warmFree } from "../collect.ts";
import { bytesOf, sumOf } from "../data.ts";
import { readWhole, writeSynced } from "../limit.ts";
import { PythonPeers } from "../python.ts";
import type { Bench, Goal, Outcome, Row } from "../row.ts";
import { type Contender, digits, type Figures, find, interleaved, ratio } from "../stats.ts";
import { Subject } from "../subject.ts";

const OWN = "Tidemark";
const BARE = "bare loop: read into fresh memory";
const SUMMED = "bare loop: read, and CRC-32";
const MAPPED = "torch.load, mmap";
/** How much a peer takes at most, in the blob's size: what it reads, and what it makes of that. */
const COPIES = 2;
const PEERS = ["torch.load", MAPPED, "safetensors", "Orbax"] as const;

/** The row. */
export const load: Row = { title: "Full load, warm cache, every byte summed afterwards", measure };

async function measure(bench: Bench): Promise<Outcome> {
  const { folder, bytes, rounds, log } = bench;
  const flat = join(folder, "flat");
  {
    await using subject = new Subject(join(folder, "store"));
    await subject.init(bytes);
    await subject.save();
    writeSynced(flat, bytesOf(await subject.weights()));
  }
  bench.collect();
  await using torch = await PythonPeers.start("torch", bytes);
  await using orbax = await PythonPeers.start("orbax", bytes);
  const at = (name: string): string => join(folder, name);
  await torch?.ask({ do: "save", peer: "torch", path: at("torch") });
  await torch?.ask({ do: "save", peer: "safetensors", path: at("safetensors") });
  await orbax?.ask({ do: "save", peer: "orbax", path: at("orbax") });
  const loads: number[] = [];
  const peer = (
    peers: PythonPeers | undefined,
    name: string,
    file: string,
    how: string,
  ): Contender => ({
    name,
    measure: async () => {
      const timed = await peers?.ask({ do: "load", peer: how, path: at(file) });
      return timed && timed.seconds + timed.sumSeconds;
    },
  });
  const figures = await interleaved(
    [
      { name: OWN, measure: () => own(bench, loads) },
      { name: BARE, measure: () => bare(flat, false) },
      { name: SUMMED, measure: () => bare(flat, true) },
      peer(torch, PEERS[0], "torch", "torch"),
      peer(torch, PEERS[1], "torch", "torch, mmap"),
      peer(torch, PEERS[2], "safetensors", "safetensors"),
      peer(orbax, PEERS[3], "orbax", "orbax"),
    ],
    rounds,
    log,
    () => warmFree(COPIES * bytes),
  );
  const bareLoads = { name: "Tidemark, the load alone", rounds: loads.slice(1) };
  return {
    goals: PEERS.filter((name) => name !== MAPPED).map((name) => goal(figures, name)),
    charts: [{ title: "load and sum", unit: "s", figures: [...figures, bareLoads] }],
    notes: [
      "safetensors and torch's mmap map the file: nothing is copied or checked, and their time is that of the sum. Tidemark, like torch.load, gives memory of its own, and checks the CRC-32 of each block.",
      "Before each load, free memory of twice the blob is used once: a virtual machine gives what is freed back to its host, and who comes next would pay for it.",
    ],
  };
}

async function own({ folder }: Bench, loads: number[]): Promise<number> {
  await using subject = new Subject(join(folder, "store"));
  await settle();
  const time = await subject.load(0);
  loads.push(time);
  const values = await subject.weights();
  const from = performance.now();
  sumOf(values);
  return time + (performance.now() - from) / 1000;
}

async function bare(path: string, isChecked: boolean): Promise<number> {
  await settle();
  const from = performance.now();
  const bytes = readWhole(path);
  if (isChecked) crc32(bytes);
  sumOf(new Float32Array(bytes.buffer));
  return (performance.now() - from) / 1000;
}

function goal(figures: readonly Figures[], name: string): Goal {
  const own = find(figures, OWN);
  const times = ratio(find(figures, name), own);
  return {
    goal: `ahead of ${name}`,
    measured: Number.isNaN(times) ? "not installed" : `${digits(times)} × its speed`,
    isMet: Number.isNaN(times) ? undefined : times >= 1,
    bound: `a bare read into fresh memory takes ${
      digits(ratio(find(figures, BARE), own))
    } × Tidemark's time, with CRC-32 ${digits(ratio(find(figures, SUMMED), own))} ×`,
  };
}
