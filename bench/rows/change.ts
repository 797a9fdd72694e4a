/** A save after 1 % of a large blob's blocks have changed, in one run of blocks. */

import { join } from "@std/path";
import { BLOCK_BYTES, blocksOf, bytesOf, changeAll, changeBlock } from "../data.ts";
import { compareAndCopy, save as bareSave } from "../limit.ts";
import { clear } from "../plain_peers.ts";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, find, interleaved, median, ratio, seconds } from "../stats.ts";
import { changing, Subject } from "../subject.ts";

const SOME = "Tidemark, 1 % of the blocks";
const FULL = "Tidemark, full save";
const BARE = "bare loop: compare all, write 1 %";

/** The row. */
export const change: Row = { title: "1 % of the blocks changed, in one run of blocks", measure };

async function measure({ folder, bytes, rounds, collect, log }: Bench): Promise<Outcome> {
  await using subject = new Subject(join(folder, "store"));
  await subject.init(bytes);
  await subject.save();
  const values = await subject.weights();
  const mirror = bytesOf(values).slice();
  const count = Math.max(1, Math.round(blocksOf(values) / 100));
  const written: number[] = [];
  let first = 0;
  const changeSome = (weights: Float32Array): void => {
    first = (first + 7 * count) % (blocksOf(weights) - count);
    for (let block = first; block < first + count; block++) changeBlock(weights, block);
  };
  const saveSome = async (): Promise<number> => {
    await subject.run(changing(changeSome));
    collect();
    const before = subject.store.bytesWritten;
    const time = await subject.save();
    written.push(subject.store.bytesWritten - before);
    return time;
  };
  const saveBare = async (): Promise<number> => {
    const path = join(folder, "bare");
    await clear(path);
    Deno.mkdirSync(path);
    mirror.set(bytesOf(values));
    const start = first * BLOCK_BYTES;
    mirror.fill(1, start, start + count * BLOCK_BYTES);
    return await seconds(() => {
      if (compareAndCopy(bytesOf(values), mirror) !== count) throw new Error("not 1 %");
      const changed = bytesOf(values).subarray(start, start + count * BLOCK_BYTES);
      bareSave(path, "epoch", changed, 100_000);
    });
  };
  const saveAll = async (): Promise<number> => {
    await subject.run(changing(changeAll));
    collect();
    const time = await subject.save();
    await subject.dropOlderPacks();
    return time;
  };
  const figures = await interleaved(
    [
      { name: SOME, measure: saveSome },
      { name: BARE, measure: saveBare },
      { name: FULL, measure: saveAll },
    ],
    rounds,
    log,
  );
  const share = 100 * median(written) / bytes;
  const time = 100 * ratio(find(figures, SOME), find(figures, FULL));
  const limit = digits(ratio(find(figures, BARE), find(figures, SOME)));
  return {
    goals: [
      {
        goal: "at most 1.5 % of the bytes written",
        measured: `${digits(share)} %`,
        isMet: share <= 1.5,
        bound: "the changed blocks, and a manifest that names every block",
      },
      {
        goal: "at most 20 % of a full save's time",
        measured: `${digits(time)} %`,
        isMet: time <= 20,
        bound: `the bare loop takes ${limit} × Tidemark's time`,
      },
    ],
    charts: [{ title: "a save", unit: "s", figures }],
    notes: [`${count} of ${blocksOf(values)} blocks, which lie beside each other, in one blob.`],
  };
}
