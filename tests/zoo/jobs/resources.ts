/** Reads a data set that is opened at each start, through another resource and a param, and stamped. */
import { blob, epochs, job, main, on, param, resource, task } from "tidemark";

const size = param("size", 64, { integer: true, min: 1 });

const device = resource("device", {
  open: (_, { node }) => ({ name: `device of ${node}`, isOpen: true }),
  close: (device) => {
    device.isOpen = false;
  },
});

const data = resource("data", {
  reads: { size, device },
  open: async ({ size, device }) => {
    await Promise.resolve();
    const rows = Float64Array.from({ length: size }, (_, row) => Math.sin(row + 1));
    return { rows, device };
  },
  stamp: ({ rows, device }) => ({ rows: rows.length, on: device.name }),
});

const mean = blob("mean", { initial: () => 0 });
const seen = blob("seen", { initial: () => new Set<number>() });
const report = blob<string>("report");

const sample = task("sample", { reads: { data, mean }, updates: { seen }, writes: { mean } })
  .run(({ data: { rows, device }, mean, seen }, { rng }) => {
    if (!device.isOpen) throw new Error(`${device.name} is closed`);
    const random = rng("row");
    let sum = 0;
    for (let draw = 0; draw < 8; draw++) {
      const row = random.int(rows.length);
      seen.add(row);
      sum += rows[row] ?? NaN;
    }
    return { mean: (mean + sum / 8) / 2 };
  });

const tell = task("tell", { reads: { device, mean, seen }, writes: { report } })
  .run(({ device, mean, seen }) => ({ report: `${device.name}: ${mean} of ${seen.size} rows` }));

const resources = job("zoo-resources", {
  epoch: [sample, on("other", sample)],
  exit: [tell],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints" },
});
export default resources;
await main(import.meta, resources);
