// Two and three processes race for one job; each but the last is stopped for longer than any lease.
import { assert, assertEquals } from "@std/assert";
import { type Race, runAlone } from "./race.ts";
import { describeRaces, runRaces } from "./races.ts";

/** Calls of a start and of a commit, before which a runner is stopped while another runs the job to its end. */
const STEPS = [
  /^link attempts\/000001\.cbor/,
  /^link attempts\/000001\.parent/,
  /^write packs\/a000001\/e000001/,
  /^link epochs\/e000001/,
  /^open epochs/,
  // The look for a newer attempt, behind the link.
  /^list attempts/,
  / tasks\/a000001\.e000001/,
  /^link phases/,
];

Deno.test("of two and three processes, stopped at each step, one line is left and nothing lost", async () => {
  const alone = await runAlone();
  const at = (step: RegExp): number => {
    const from = step.source === /^list attempts/.source
      ? alone.calls.findIndex((call) => /^link epochs/.test(call))
      : 0;
    const index = alone.calls.findIndex((call, index) => index >= from && step.test(call));
    assert(index >= 0, `no call is like ${step}`);
    return index + 1;
  };
  const races: Race[] = STEPS.map((step) => ({ stops: [at(step)], doesFirstWake: false }));
  const [began, , , committed, synced] = STEPS.map(at);
  for (const doesFirstWake of [false, true]) {
    races.push({ stops: [committed ?? 1, (began ?? 1) - 2], doesFirstWake });
  }
  races.push({ stops: [synced ?? 1, committed ?? 1], doesFirstWake: false });
  const tally = await runRaces(races, alone);
  console.log(describeRaces(tally));
  assertEquals(tally.failures.join("\n"), "");
  assert(tally.fenced >= STEPS.length && tally.beside > 0);
});
