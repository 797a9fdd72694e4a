/** One blob of 4 MiB out of a checkpoint four times as large as the large blob of other rows. */

import { join } from "@std/path";
import { CheckpointStore, encodeValue, FileStore } from "tidemark";
import { makeWeights, MIB } from "../data.ts";
import { readPart, readWhole } from "../limit.ts";
import type { Bench, Outcome, Row } from "../row.ts";
import { settle } from "../collect.ts";
import { digits, find, interleaved, median, ratio, seconds } from "../stats.ts";
import { Subject } from "../subject.ts";

const WANTED_BYTES = 4 * MIB;
const OTHERS_BYTES = 64 * MIB;
const TIMES_BYTES = 4;
/** How often a load of one blob is repeated for a figure, as it takes a few milliseconds. */
const LOADS = 5;
const ONE = "Tidemark, one blob";
const ALL = "Tidemark, full load";
const BARE = "bare loop: read the manifest and the blob's bytes";

/** The row. */
export const partial: Row = { title: "One 4 MiB blob out of 4 GiB", measure };

async function measure({ folder, bytes, rounds, log }: Bench): Promise<Outcome> {
  const place = join(folder, "store");
  const total = TIMES_BYTES * bytes;
  const files = await fill(place, total);
  const read: number[] = [];
  const figures = await interleaved(
    [
      {
        name: ONE,
        measure: () =>
          repeated(async () => {
            await using subject = new Subject(place);
            const time = await subject.loadBlobs(["wanted"], 0);
            read.push(subject.store.bytesRead);
            return time;
          }),
      },
      {
        name: ALL,
        async measure() {
          await using subject = new Subject(place);
          await settle();
          return await subject.load(0);
        },
      },
      {
        name: BARE,
        measure: () =>
          repeated(() =>
            seconds(() => {
              readWhole(join(place, files.manifest));
              readPart(join(place, files.pack), files.offset, WANTED_BYTES);
            })
          ),
      },
    ],
    rounds,
    log,
  );
  const times = median(read) / WANTED_BYTES;
  const share = 100 * ratio(find(figures, ONE), find(figures, ALL));
  const manifest = digits(100 * files.manifestBytes / WANTED_BYTES);
  return {
    goals: [
      {
        goal: "at most 1.1 × its bytes read",
        measured: `${digits(times)} ×`,
        isMet: times <= 1.1,
        bound: `the manifest alone is ${manifest} % of the blob: it names ${
          total / (256 * 1024)
        } blocks`,
      },
      {
        goal: "at most 2 % of the full load's time",
        measured: `${digits(share)} %`,
        isMet: share <= 2,
        bound: `the bare loop takes ${
          digits(ratio(find(figures, BARE), find(figures, ONE)))
        } × Tidemark's time`,
      },
    ],
    charts: [{ title: "a load", unit: "s", figures }],
    notes: [
      `${digits(total / 1024 / MIB)} GiB in blobs of ${
        OTHERS_BYTES / MIB
      } MiB, and one of 4 MiB between them; a new store each time, and a warm cache. Loads of one blob are medians of ${LOADS}.`,
    ],
  };
}

/** The median of some loads, once the memory of the one before is given back. */
async function repeated(load: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  await settle();
  for (let index = 0; index < LOADS; index++) times.push(await load());
  return median(times);
}

/** Saves the blobs through the store, so that no second copy of them is held. */
async function fill(place: string, total: number): Promise<{
  readonly manifest: string;
  readonly manifestBytes: number;
  readonly pack: string;
  readonly offset: number;
}> {
  const store = await CheckpointStore.open(new FileStore(place));
  const environment = { deno: Deno.version.deno, arch: Deno.build.arch, tidemark: "bench" };
  const attempt = await store.begin({ seed: 0, params: {}, environment, createdAtMs: 0 });
  await attempt.recordParent(undefined);
  const other = { encoded: encodeValue(makeWeights(OTHERS_BYTES)), codec: false };
  const wanted = { encoded: encodeValue(makeWeights(WANTED_BYTES)), codec: false };
  const count = Math.max(1, Math.round(total / OTHERS_BYTES) - 1);
  const names = Array.from({ length: count }, (_, index) => `blob-${index}`);
  names.splice(count >> 1, 0, "wanted");
  const main = names.map((name) => [name, name === "wanted" ? wanted : other] as const);
  const { manifest } = await attempt.save({
    ...{ epoch: 0, phase: "epoch", parent: undefined, metrics: {} },
    run: {
      ...{ seed: 0, branch: 1, params: {}, elapsedMs: 0, conditions: {}, cursors: {} },
      ...{ stamps: {}, environment },
    },
    nodes: { main: Object.fromEntries(main) },
  });
  const entry = manifest.nodes["main"]?.["wanted"];
  const first = entry !== undefined && "blocks" in entry ? entry.blocks?.[0] : undefined;
  if (first === undefined) throw new Error("the blob that is wanted was not saved");
  const [name = ""] = await store.store.list("epochs/");
  const manifestBytes = (await store.store.stat(name))?.byteLength ?? 0;
  return { manifest: name, manifestBytes, pack: first.pack, offset: first.offset };
}
