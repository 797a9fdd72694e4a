/** Reads what may not be set, and what was before the group, from before and behind its writer. */
import { blob, epochs, from, job, main, on, optional, previous, task, when } from "tidemark";

const level = blob<number>("level");
const trace = blob("trace", { initial: (): string[] => [] });
const peak = blob<number>("peak");
const counts = blob("counts", { initial: () => new Map([["none", 0]]) });

/** Finds no level in the first epoch. */
const before = task("before", { reads: { level: optional(level) }, updates: { trace } })
  .run(({ level, trace }, { epoch }) => {
    trace.push(`${epoch}: ${level ?? "none"}`);
  });

const rise = task("rise", { reads: { last: previous(level, 1) }, writes: { level } })
  .run(({ last }, { rng }) => ({ level: last * (1 + rng("rise")()) }));

/** Writes a peak in some epochs only. */
const mark = task("mark", {
  reads: { level },
  writes: { peak },
  if: when(level, (level) => level % 1 > 0.4),
})
  .run(({ level }) => ({ peak: level }));

const count = task("count", { reads: { peak: optional(peak) }, updates: { counts } })
  .run(({ peak, counts }) => {
    const key = peak === undefined ? "none" : peak.toFixed(3);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });

/** Stands behind what it reads the state from before of: a copy, as `counts` and `trace` are updated. */
const behind = task("behind", {
  reads: {
    counts: previous(counts),
    lines: previous(trace, []),
    now: level,
    was: previous(level, 0),
  },
  updates: { trace },
}).run(({ counts, lines, now, was, trace }) => {
  trace.push(`${counts?.size} kinds, ${lines.length} lines, ${now - was}`);
});

/** Another node sees both. */
const other = task("other", {
  reads: { level: from("main", level), trace: from("main", trace) },
  writes: { peak },
})
  .run(({ level, trace }) => ({ peak: level * trace.length }));

const views = job("zoo-views", {
  epoch: [before, rise, mark, count, behind, on("other", other)],
  until: epochs(5),
  checkpoint: { to: "file:checkpoints" },
});
export default views;
await main(import.meta, views);
