import { assert } from "@std/assert";
import { randomFrom } from "../crash/trials.ts";
import { Disk } from "./disk.ts";
import { Facts, type Note } from "./facts.ts";
import { logWorkloads } from "./log_workloads.ts";
import { cutPower } from "./simulate.ts";

for (const [name, workload] of Object.entries(logWorkloads)) {
  Deno.test(`no power cut in "${name}" loses or invents what was recorded`, async () => {
    const disk = new Disk<Note>();
    await workload(disk, (disk, options) => disk.process(options));
    const tally = await cutPower(disk, new Facts(), {
      ...{ most: 24, random: randomFrom(1) },
      stride: name === "a large output" ? 3 : 1,
    });
    console.log(
      `${name}: ${tally.states} states at ${tally.points} power cuts, ` +
        `${tally.exhaustive} of them exhaustive`,
    );
    assert(tally.states > 20, `${tally.states} states`);
  });
}
