// Makes a store in the folder that is named. Each was made once, with version 1 of the format, and is
// never made anew: ./v1 before records had `settled`, `derived` and `migrated`, ./v1-settled with them.
import { CheckpointStore, FileStore } from "../../../storage/mod.ts";
import { begin, RUN, save, value } from "../sample.ts";
import { GOLDEN, METRICS } from "./values.ts";

const root = new URL(Deno.args[0]!, import.meta.url).pathname;
const attempt = await begin(await CheckpointStore.open(new FileStore(root), { job: "golden" }));
const main = Object.fromEntries(Object.entries(GOLDEN).map(([name, of]) => [name, value(of)]));
const fixed = { createdAtMs: 1_700_000_000_000 };
const first = await save(attempt, 0, { main, other: { unset: { absent: true } } }, {
  ...{ ...fixed, metrics: METRICS },
});
await save(attempt, 1, { main: { large: { carry: first.nodes.main!.large! } } }, fixed);
await save(attempt, 1, {}, { ...fixed, phase: "upload" });
const store = await CheckpointStore.open(new FileStore(root), { job: "golden" });
await save(await begin(store, first), 1, { main: { number: value(2) } }, {
  ...{ ...fixed, run: { ...RUN, migrated: null } },
});
