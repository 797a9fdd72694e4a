/** What tasks did with blobs that a migration had made, where the run died before it saved an epoch. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  blob,
  epochs,
  type Job,
  job,
  type Migration,
  migration,
  type Step,
  task,
} from "../../../dsl/mod.ts";
import type { JobChanges } from "../../../runtime/run/foresee.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { recorded } from "../helpers.ts";
import { notices } from "./world.ts";

const length = blob("length", { initial: () => 2 });
const paid = blob("paid", { initial: () => 0 });

const declared = { reads: { length }, writes: { length } };
const toCentimeters = migration("convert", declared)
  .run(({ length }) => ({ length: 100 * length }));
const toMillimeters = migration("convert", declared)
  .run(({ length }) => ({ length: 1000 * length }));
const longer = migration("longer", declared).run(({ length }) => ({ length: length + 1 }));

/** A job at one place, which pays in each epoch, and may die behind that. */
class Paying {
  readonly to = `memory:${crypto.randomUUID()}`;
  /** What was paid, by each start in turn. */
  calls: number[] = [];

  job(migrate: readonly Migration[], diesIn?: number, until = 2, more: readonly Step[] = []): Job {
    const pay = task("pay", { reads: { length }, writes: { paid } }).run(({ length }) => {
      this.calls.push(length);
      return { paid: length };
    });
    const die = task("die", { reads: { paid } }).run((_, { epoch }) => {
      if (epoch === diesIn) throw new Error("dies here");
    });
    return job("paying", {
      ...{ epoch: [pay, ...more, die], until: epochs(until) },
      checkpoint: { to: this.to, grain: "task", onChange: "allow", migrate },
    });
  }

  /** Runs it; gives what it paid, and what was said. */
  async run(given: Job): Promise<{ readonly paid: readonly number[]; readonly said: string }> {
    this.calls = [];
    const { session, seen } = recorded();
    await using _ = session;
    const runner = new JobRunner(given, { to: this.to, resumeFromEpoch: "auto" });
    await runner.run(session).catch(() => {});
    return { paid: this.calls, said: notices(seen).join("\n") };
  }

  foresee(given: Job): Promise<JobChanges> {
    return new JobRunner(given, { to: this.to }).changesSince();
  }
}

/** Epoch 1 is saved with lengths in meters, and a start with some migrations has died in epoch 2. */
async function diedMigrated(migrate: readonly Migration[]): Promise<Paying> {
  const paying = new Paying();
  assertEquals((await paying.run(paying.job([], 2))).paid, [2, 2]);
  if (migrate.length === 0) return paying;
  const second = await paying.run(paying.job(migrate, 2));
  assertEquals(second.paid, [200]);
  assertStringIncludes(second.said, "may have read blobs in their old form");
  return paying;
}

function foreseen({ first }: JobChanges): readonly string[] {
  return (first?.tasks ?? []).map(({ id, isReused, because }) =>
    `${isReused ? "reuse" : "run"} ${id}: ${because}`
  );
}

Deno.test("what was done after a migration is used by all starts that make the same of what is saved", async () => {
  const paying = await diedMigrated([toCentimeters]);
  for (const diesIn of [2, 2, undefined]) {
    const given = paying.job([toCentimeters], diesIn);
    assertEquals(foreseen(await paying.foresee(given)), [
      "reuse pay@main: it has finished",
      "run die@main: it is not recorded as finished",
    ]);
    const { paid, said } = await paying.run(given);
    assertEquals([paid, said.includes("old form")], [[], false]);
  }
});

Deno.test("what a start had made of what is saved has not changed since that start", async () => {
  const paying = await diedMigrated([toCentimeters]);
  const { attempt, changes } = await paying.foresee(paying.job([toCentimeters], 2));
  assertEquals([attempt, changes], [2, []]);
  const { said } = await paying.run(paying.job([toCentimeters], 2));
  assertEquals(said.includes("changed since"), false, said);
  const again =
    'blob "length" of node "main" is made by migration "convert" of what the checkpoint has';
  assertStringIncludes(said, `${again}, again`);
  // An edit of the migration is news, and so is one that is new.
  const others = [[[toMillimeters], "convert"], [[toCentimeters, longer], "longer"]] as const;
  for (const [migrate, name] of others) {
    const { changes } = await paying.foresee(paying.job(migrate, 2));
    assertEquals(changes.map(({ what, verdict }) => [what, verdict]), [
      [`blob "length" of node "main" is made by migration "${name}"`, "harmless"],
    ]);
  }
});

Deno.test("a blob that a start had as new is not new since that start", async () => {
  const paying = await diedMigrated([]);
  const tip = blob("tip", { initial: () => 1 });
  const give = task("give", { reads: { tip }, writes: { tip } }).run(({ tip }) => {
    throw new Error(`dies with ${tip}`);
  });
  const withTip = paying.job([], 2, 2, [give]);
  const isTold = ({ changes }: JobChanges): boolean =>
    changes.some(({ what }) => what === 'blob "tip" of node "main" is not in the checkpoint');
  assertEquals(isTold(await paying.foresee(withTip)), true);
  await paying.run(withTip);
  const again = await paying.foresee(withTip);
  assertEquals([again.attempt, isTold(again)], [2, false]);
});

const OTHERS: readonly (readonly [string, readonly Migration[], number])[] = [
  ["is gone", [], 2],
  ["was edited", [toMillimeters], 2000],
  ["has got another behind it", [toCentimeters, longer], 201],
];
for (const [what, migrate, length] of OTHERS) {
  Deno.test(`what was done after a migration is done again where that ${what}, which is foreseen`, async () => {
    const paying = await diedMigrated([toCentimeters]);
    const given = paying.job(migrate, 2);
    const because = "what it has done may have read blobs that migrations made otherwise";
    assertEquals(foreseen(await paying.foresee(given)), [
      `run pay@main: ${because}`,
      "run die@main: pay@main, for which it waits, runs again",
    ]);
    const { paid, said } = await paying.run(given);
    assertEquals(paid, [length]);
    assertStringIncludes(said, "what tasks have done since that state may have read blobs that ");
    // And from then on this is what counts.
    assertEquals((await paying.run(given)).paid, []);
  });
}

Deno.test("what a migrated job does after the first epoch that it saves is used, as all else", async () => {
  const paying = await diedMigrated([toCentimeters]);
  const given = paying.job([toCentimeters], 3, 3);
  assertEquals((await paying.run(given)).paid, [200]);
  assertEquals(foreseen(await paying.foresee(given))[0], "reuse pay@main: it has finished");
  assertEquals((await paying.run(given)).paid, []);
});

Deno.test("what was done behind a migrated epoch is used though the plan has the migration no more", async () => {
  const paying = await diedMigrated([toCentimeters]);
  // It saves epoch 2, as what it was made of has gone through the migration, and dies in epoch 3.
  assertEquals((await paying.run(paying.job([toCentimeters], 3, 3))).paid, [200]);
  const { paid, said } = await paying.run(paying.job([], undefined, 3));
  assertEquals([paid, said.includes("migrations made otherwise")], [[], false], said);
});
