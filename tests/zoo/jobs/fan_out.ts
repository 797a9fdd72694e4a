/** Twenty tasks that run at once, each with blobs of its own, and one that joins them. */
import { blob, epochs, job, keepLast, main, parallel, prefix, task } from "tidemark";

const WIDTH = 20;

const joined = blob("joined", { initial: (): number[] => [] });

function walker() {
  const place = blob("place", { initial: () => 0 });
  const step = task("step", { reads: { place }, writes: { place } })
    .run(async ({ place }, { rng }) => {
      const random = rng("step");
      for (let turns = random.int(4); turns > 0; turns--) await Promise.resolve();
      return { place: place + random.normal() };
    });
  return { place, step };
}

const walkers = Array.from({ length: WIDTH }, (_, index) => prefix(`walker-${index}`, walker()));

const join = task("join", {
  reads: { places: walkers.map(({ place }) => place), joined },
  writes: { joined },
})
  .run(({ places, joined }) => ({
    joined: [...joined, places.reduce((sum, place) => sum + place, 0)],
  }));

const fanOut = job("zoo-fan-out", {
  epoch: [parallel(...walkers.map(({ step }) => step)), join],
  until: epochs(3),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(1)], durability: "process" },
});
export default fanOut;
await main(import.meta, fanOut);
