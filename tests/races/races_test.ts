// Two and three processes race for one job; each but the last is stopped for longer than any lease.
import { assert, assertEquals } from "@std/assert";
import { type Race, runAlone } from "./race.ts";
import { describeRaces, runRaces } from "./races.ts";

/** Calls of a start and of a commit, before which a runner is stopped while another runs the job to its end. */
const STEPS: readonly (RegExp | { readonly step: RegExp; readonly behind: RegExp })[] = [
  /^link attempts\/000001\.cbor/,
  /^link attempts\/000001\.parent/,
  /^write packs\/a000001\/e000001/,
  /^link epochs\/e000001/,
  /^open epochs/,
  // The look for a newer attempt, behind the link.
  { step: /^list attempts/, behind: /^link epochs/ },
  / tasks\/a000001\.e000001/,
  /^link phases/,
];

Deno.test("of two and three processes, stopped at each step, one line is left and nothing lost", async () => {
  const alone = await runAlone();
  const at = (one: typeof STEPS[number]): number => {
    const { step, behind } = one instanceof RegExp ? { step: one, behind: /^/ } : one;
    const from = alone.calls.findIndex((call) => behind.test(call));
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
  // On a busy machine a call may come at another count than where a runner is alone: it is stopped elsewhere.
  for (let tries = 1;; tries++) {
    const tally = await runRaces(races, alone);
    console.log(describeRaces(tally));
    assertEquals(tally.failures.join("\n"), "");
    if (tally.fenced >= STEPS.length && tally.beside > 0) break;
    assert(tries < 3, "no runner was stopped where it matters");
  }
});
