import { assert, assertEquals } from "@std/assert";
import { randomFrom } from "../crash/trials.ts";
import { Disk } from "./disk.ts";
import { Facts, type Note } from "./facts.ts";
import { type Omission, omissions, omitting } from "./omissions.ts";
import { logWorkloads } from "./log_workloads.ts";
import { cutPower, SimulationError } from "./simulate.ts";
import { families, type Workload, workloads } from "./workloads.ts";

/** Tries a workload, or a family of them, until what is left out shows; says how. */
async function find(omission: Omission): Promise<string | undefined> {
  const single = workloads[omission.foundBy] ?? logWorkloads[omission.foundBy];
  const tried: readonly Workload[] | undefined = single ? [single] : families[omission.foundBy];
  assert(tried !== undefined, `there is no workload "${omission.foundBy}"`);
  for (const workload of tried) {
    const disk = new Disk<Note>();
    await workload(disk, (disk, options) => omitting(disk.process(options), omission));
    try {
      await cutPower(disk, new Facts(), { most: 12, random: randomFrom(1) });
    } catch (error) {
      if (error instanceof SimulationError) return error.message;
      throw error;
    }
  }
  return undefined;
}

for (const [name, omission] of Object.entries(omissions)) {
  const { superfluousAs } = omission;
  if (superfluousAs === undefined) {
    Deno.test(`it shows when this is left out: ${name}`, async () => {
      assert(await find(omission) !== undefined);
    });
  } else {
    Deno.test(`nothing depends on ${name}: ${superfluousAs}`, async () => {
      assertEquals(await find(omission), undefined);
    });
  }
}
