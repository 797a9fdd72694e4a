/** What comes after the last epoch: an upload, a download that fetches from all nodes, and an exit. */
import {
  blob,
  epochs,
  gather,
  job,
  keepLast,
  main,
  nodes,
  on,
  replicate,
  task,
  type Uploader,
} from "tidemark";

const workers = nodes("worker", 2);
const cells = blob<Float64Array>("cells");
const archive = blob<Float64Array>("archive");
const note = blob("note", { initial: () => "nothing yet" });
const summary = blob<string>("summary");

const fill = task("fill", { writes: { cells } })
  .run((_, { rng }) => ({ cells: Float64Array.from({ length: 33_000 }, rng("cells")) }));
const stir = task("stir", { updates: { cells } })
  .run(({ cells }, { rng, epoch, replica }) => {
    const at = rng("at").int(cells.length);
    cells[at] = (cells[at] ?? 0) + epoch * (replica.index + 1);
  });

const fetch = task("fetch", { reads: { parts: gather(workers, cells) }, writes: { archive, note } })
  .run(({ parts }, { rng }) => ({
    archive: Float64Array.from(
      { length: 33_000 },
      (_, at) => parts.reduce((sum, part) => sum + (part[at] ?? 0), 0),
    ),
    note: `fetched with ${rng("note").int(1000)}`,
  }));
const sumUp = task("sum-up", { reads: { archive, note }, writes: { summary } })
  .run(({ archive, note }) => ({ summary: `${archive.reduce((sum, one) => sum + one)}; ${note}` }));

const upload = task("upload", { reads: { cells } })
  .run(({ cells }, { log }) => log(`uploaded ${cells.length} cells`));

/** Uploads from each worker. */
export const uploader: Uploader = { build: () => replicate(workers, upload) };

const phases = job("zoo-phases", {
  init: [replicate(workers, fill)],
  epoch: [replicate(workers, stir)],
  download: [on("leader", fetch)],
  exit: [on("leader", sumUp)],
  until: epochs(2),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(1)] },
});
export default phases;
await main(import.meta, phases);
