/** Full saves and loads of one large blob, against CBOR in a plain file, and against `dd`. */

import { encode } from "cbor-x/encode";
import { decode } from "cbor-x/decode";
import { join } from "@std/path";
import { blob, CheckpointManager, LocalSession } from "tidemark";
import { outputOf } from "./machine.ts";
import { type Figures, interleaved, table } from "./stats.ts";

const MIB = 1024 * 1024;
const SIZE_MIB = 256;
const ROUNDS = 5;
const weights = blob<Float32Array>("weights");

/** What is saved. */
function makeWeights(): Float32Array<ArrayBuffer> {
  const values = new Float32Array(SIZE_MIB * MIB / 4);
  for (let at = 0; at < values.length; at++) values[at] = Math.sin(at);
  return values;
}

/** Fails where a load did not give back what was saved. */
function check(loaded: unknown, saved: Float32Array): void {
  const isSame = loaded instanceof Float32Array && loaded.length === saved.length &&
    loaded.every((value, at) => value === saved[at]);
  if (!isSame) throw new Error("what was loaded is not what was saved");
}

/** A way to save and load; times in seconds, `undefined` where it cannot be had here. */
interface Way {
  readonly name: string;
  readonly save: () => Promise<number | undefined>;
  readonly load: () => Promise<number | undefined>;
}

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await run();
  return (performance.now() - from) / 1000;
}

/** The checkpoint manager, on a file store that outlives a power cut. */
async function tidemark(
  folder: string,
  data: Float32Array<ArrayBuffer>,
): Promise<Way & AsyncDisposable> {
  const session = new LocalSession();
  await session.feed(weights, data);
  const place = join(folder, "tidemark");
  let bytes = 0;
  const make = (): CheckpointManager =>
    new CheckpointManager(place, "file", {
      durability: "power",
      metadata: { report: (report) => void (bytes = report.bytes) },
    });
  return {
    name: 'Tidemark, durability "power"',
    save: async () => {
      await Deno.remove(place, { recursive: true }).catch(ignoreMissing);
      const manager = make();
      await session.run(manager.init());
      const time = await seconds(() => session.run(manager.save(0)));
      if (bytes < SIZE_MIB * MIB) throw new Error(`no full save: ${bytes} bytes`);
      return time;
    },
    load: async () => {
      await using fresh = new LocalSession();
      const manager = make();
      const time = await seconds(() => fresh.run(manager.load(0)));
      check(await fresh.fetch(weights), data);
      return time;
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** `cbor-x` and one file; `sync` makes it outlive a power cut, as far as one file can. */
function plainCbor(folder: string, data: Float32Array<ArrayBuffer>, sync: boolean): Way {
  const path = join(folder, sync ? "synced.cbor" : "plain.cbor");
  return {
    name: `cbor-x + Deno.writeFile${sync ? " + fsync" : ", not synced"}`,
    save: async () => {
      await Deno.remove(path).catch(ignoreMissing);
      return await seconds(async () => {
        await Deno.writeFile(path, encode({ weights: data }));
        if (!sync) return;
        using file = await Deno.open(path, { read: true, write: true });
        await file.sync();
      });
    },
    load: async () => {
      let loaded: unknown;
      const time = await seconds(async () => {
        loaded = decode(await Deno.readFile(path));
      });
      check((loaded as { weights: unknown }).weights, data);
      return time;
    },
  };
}

/** The system's own copy, from and to memory. */
function dd(folder: string): Way {
  const path = join(folder, "dd.bin");
  const run = async (args: readonly string[]): Promise<number | undefined> => {
    const from = performance.now();
    if (await outputOf("dd", [...args, "bs=8M"]) === undefined) return undefined;
    return (performance.now() - from) / 1000;
  };
  return {
    name: "dd, 8 MiB blocks, conv=fsync",
    save: async () => {
      await Deno.remove(path).catch(ignoreMissing);
      return await run(["if=/dev/zero", `of=${path}`, `count=${SIZE_MIB / 8}`, "conv=fsync"]);
    },
    load: () => run([`if=${path}`, "of=/dev/null"]),
  };
}

/** Measures saves and loads, and puts them into words. */
export async function checkpoint(folder: string): Promise<string> {
  const data = makeWeights();
  await using own = await tidemark(folder, data);
  const ways: readonly Way[] = [
    own,
    plainCbor(folder, data, true),
    plainCbor(folder, data, false),
    dd(folder),
  ];
  const saves = await interleaved(
    ways.map(({ name, save }) => ({ name, measure: save })),
    ROUNDS,
  );
  // The last round has left what each saved; all loads come from the system's cache.
  const loads = await interleaved(
    ways.map(({ name, load }) => ({ name, measure: load })),
    ROUNDS,
  );
  const about = `${SIZE_MIB} MiB, one Float32Array, medians of ${ROUNDS} rounds`;
  return [
    `Full save: ${about}`,
    rates(saves),
    "",
    `Load (from the system's cache): ${about}`,
    rates(loads),
  ].join("\n");
}

function rates(figures: readonly Figures[]): string {
  const own = figures[0]?.median ?? NaN;
  const rows = figures.map(({ name, median, range }) => {
    if (median === undefined) return [name, "not there"];
    const rate = (SIZE_MIB / 1024 / median).toFixed(2);
    const times = range.map((end) => end.toFixed(2)).join(" to ");
    return [name, median.toFixed(3), times, rate, (median / own).toFixed(2)];
  });
  return table([["", "s", "range", "GiB/s", "time / Tidemark's"], ...rows]);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
