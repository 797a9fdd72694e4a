// Why a derived blob is another, and what is foreseen of one that was saved before.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, epochs, migration, task } from "../../../dsl/mod.ts";
import { DerivedChangedError } from "../../../runtime/derived/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { everywhere, type World } from "./world.ts";

const noise = blob<number>("noise", { immutable: true });
const rows = blob<number[]>("rows", { derived: true });
const savedRows = blob<number[]>("rows");
const size = blob<number>("size", { derived: true });
const total = blob("total", { initial: () => 0 });

const choose = task("choose", { writes: { noise } }).run(() => ({ noise: 3 }));
const read = task("read", { reads: { noise }, writes: { rows } })
  .run(({ noise }) => ({ rows: [noise, 1] }));
const count = task("count", { reads: { rows }, writes: { size } })
  .run(({ rows }) => ({ size: rows.reduce((sum, row) => sum + row, 0) }));
const add = task("add", { reads: { size, total }, writes: { total } })
  .run(({ size, total }) => ({ total: total + size }));
const double = migration("double", { reads: { noise }, writes: { noise } })
  .run(({ noise }) => ({ noise: 2 * noise }));

function jobOf(world: World, migrate: readonly typeof double[] = []) {
  const plan = migrate.length === 0 ? {} : { migrate };
  const init = [choose, read, count];
  return world.job({ init, epoch: [add], exit: [], until: epochs(3), plan });
}

everywhere("a migration is among the reasons, and so is another derived blob", async (world) => {
  await world.run(jobOf(world), { stopAfterEpoch: 1 });
  const options = { resumeFromEpoch: "latest" } as const;
  const { error } = await world.fail(jobOf(world, [double]), options);
  assert(error instanceof DerivedChangedError, String(error));
  const why = `blob ${world.node}/noise is made by migration "double" of what was saved`;
  assertStringIncludes(error.message, `What has changed since: ${why}.`);
  assertStringIncludes(error.message, "What is saved stays as it was.");
  const allowed = await world.run(jobOf(world, [double]), { ...options, allowChange: true });
  const told = allowed.seen.of("derived").filter(({ node }) => node === world.node);
  assertEquals(told.map(({ blob, outcome, reasons }) => ({ blob, outcome, reasons })), [
    { blob: "rows", outcome: "changed", reasons: [why] },
    { blob: "size", outcome: "changed", reasons: [`derived blob ${world.node}/rows is another`] },
  ]);
});

everywhere("of a blob that was saved, and is derived now, that is foreseen", async (world) => {
  const before = task("read", { reads: { noise }, writes: { rows: savedRows } })
    .run(({ noise }) => ({ rows: [noise, 1] }));
  const counted = task("count", { reads: { rows: savedRows }, writes: { size } })
    .run(({ rows }) => ({ size: rows.reduce((sum, row) => sum + row, 0) }));
  const init = [choose, before, counted];
  const plain = world.job({ init, epoch: [add], exit: [], until: epochs(3) });
  await world.run(plain, { stopAfterEpoch: 1 });
  const runner = new JobRunner(jobOf(world), { checkpoints: world.manager() });
  const { derived } = await runner.changesSince();
  assertEquals(
    derived.filter(({ id }) => id === `read@${world.node}`).map(({ because }) => because),
    ["derived, and not saved: rows was saved itself so far, and must be what it was"],
  );
  const { seen } = await world.run(jobOf(world), { resumeFromEpoch: "latest", allowChange: true });
  assertEquals([...new Set(seen.of("derived").map(({ outcome }) => outcome))], ["same"]);
});
