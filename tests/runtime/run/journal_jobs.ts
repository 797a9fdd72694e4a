/** Jobs in task grain that die where they are told to, and go on. */
import { assertEquals } from "@std/assert";
import { blob, epochs, type Job, type Step, task } from "../../../dsl/mod.ts";
import { errorOf } from "../helpers.ts";
import type { Ran, World } from "./world.ts";

export const x = blob("x", { initial: () => 0 });
export const y = blob("y", { initial: () => 0 });
export const log = blob<string[]>("log", { initial: () => [] });

/** A job in task grain that dies where it is told to. */
export function jobOf(world: World, epoch: Step[], plan: object = {}, until: number = 2): Job {
  return world.job({
    ...{ init: [], epoch, exit: [], until: epochs(until) },
    plan: { grain: "task", onChange: "allow", ...plan },
  });
}

/** The last of some tasks, which fails in an epoch. */
export function dying(inEpoch: number | undefined, reads: typeof x | typeof y = x): Step {
  return task("die", { reads: { reads } }).run((_, { epoch }) => {
    if (epoch === inEpoch) throw new Error("dies here");
  });
}

/** Runs a job to its death, then another in the same place; gives what that came to. */
export async function resumed(world: World, first: Job, second: Job): Promise<Ran> {
  await using own = await world.beside();
  await errorOf(own.run(first));
  return await own.run(second, { resumeFromEpoch: "auto" });
}

/** That a job that died and another that went on come to what the other comes to alone. */
export async function assertSame(
  world: World,
  first: (world: World) => Job,
  second: (world: World) => Job,
): Promise<Ran> {
  await using alone = await world.beside();
  const { values } = await alone.run(second(alone));
  const again = await resumed(world, first(world), second(world));
  assertEquals(again.values, values);
  return again;
}
