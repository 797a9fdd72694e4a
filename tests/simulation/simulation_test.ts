import { assert } from "@std/assert";
import { randomFrom } from "../crash/trials.ts";
import { Disk } from "./disk.ts";
import { Facts, type Note } from "./facts.ts";
import { simulateSeeds } from "./random_workload.ts";
import { cutPower, type SimulationOptions, type Tally } from "./simulate.ts";
import { families, type Workload, workloads } from "./workloads.ts";

async function tried(
  tried: readonly Workload[],
  options: Omit<SimulationOptions, "random">,
): Promise<Tally> {
  const tally: Tally = { points: 0, states: 0, exhaustive: 0 };
  for (const workload of tried) {
    const disk = new Disk<Note>();
    await workload(disk, (disk, options) => disk.process(options));
    await cutPower(disk, new Facts(), { ...options, random: randomFrom(1) }, tally);
  }
  return tally;
}

function say(name: string, { states, points, exhaustive }: Tally): void {
  console.log(
    `${name}: ${states} states at ${points} power cuts, ${exhaustive} of them exhaustive`,
  );
}

/** Of a family, one of so many is tried here, with one power cut in so many; torture tries all. */
const SHARES: Readonly<Record<string, readonly [members: number, cuts: number]>> = {
  killed: [5, 3],
  "pinned meanwhile": [1, 3],
};

for (const [name, workload] of Object.entries(workloads)) {
  Deno.test(`no power cut in "${name}" breaks a promise`, async () => {
    const tally = await tried([workload], { most: 64 });
    say(name, tally);
    assert(tally.states > 25 && tally.exhaustive * 2 > tally.points);
  });
}

for (const [name, members] of Object.entries(families)) {
  Deno.test(`no power cut in the family "${name}" breaks a promise`, async () => {
    const [share, stride] = SHARES[name] ?? [1, 1];
    const chosen = members.filter((_, index) => index % share === 0);
    const tally = await tried(chosen, { most: 12, stride });
    say(name, tally);
    assert(tally.states > 300);
  });
}

Deno.test("no power cut in random workloads breaks a promise", async () => {
  const tally = await simulateSeeds(1, 30);
  say("random", tally);
  assert(tally.states > 1000);
});
