import "./fake_time.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { randomFrom } from "../crash/trials.ts";
import { epochMs, monotonicMs } from "../../runtime/clock.ts";
import { type Breakage, breakages } from "./breakages.ts";
import { runInside } from "./fake_time.ts";
import { messages } from "./messages.ts";
import { Scheduler, SimulatedProcess } from "./scheduler.ts";
import { simulateSeed, SimulationError } from "./simulate.ts";
import { Tally } from "./tally.ts";

const SEEDS = 150;
/** A broken build shows within so many seeds. */
const MOST_SEEDS = 400;

Deno.test("a simulated process knows no clock but its own", () => {
  const process = new SimulatedProcess(new Scheduler(randomFrom(1)), "process", "host");
  const times = runInside(process, () => [Date.now(), performance.now(), monotonicMs(), epochMs()]);
  assertEquals(new Set(times), new Set([process.nowMs()]));
  assert(Date.now() !== process.nowMs() && monotonicMs() !== process.nowMs());
});

Deno.test("a seed has the same things happen each time", async () => {
  for (const seed of [1, 2, 3, 4]) {
    const one = await simulateSeed(seed, new Tally());
    const other = await simulateSeed(seed, new Tally());
    assertEquals(other.trace, one.trace);
  }
});

Deno.test("no interleaving of runners, kills, take-overs, removals and power cuts breaks a promise", async () => {
  const tally = new Tally();
  for (let seed = 1; seed <= SEEDS; seed++) await simulateSeed(seed, tally);
  console.log(`${tally}`);
  for (const end of ["killed", "fenced", "held", "finished"]) assert(tally.ended(end) > 0, end);
  assert(tally.acknowledged > SEEDS && tally.beside > 0 && tally.removed > 0);
  assert(tally.asked > 0 && tally.heeded > 0);
  assert(tally.states > SEEDS && tally.heard > SEEDS);
});

/** Simulates a broken build until that shows. */
async function find(breakage: Breakage): Promise<string | undefined> {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    try {
      await simulateSeed(seed, new Tally(), { breakage });
    } catch (error) {
      if (error instanceof SimulationError) return error.message;
      throw error;
    }
  }
  return undefined;
}

for (const [name, breakage] of Object.entries(breakages)) {
  Deno.test(`it shows where ${name}`, async () => {
    const found = await find(breakage);
    assert(found !== undefined, `nothing shows in ${MOST_SEEDS} seeds`);
    assertStringIncludes(found, "To see it again: deno run");
    const [message = ""] = found.split("\n");
    const expected = messages[name];
    assert(expected !== undefined, `messages.ts does not say what shows: ${message}`);
    assertMatch(message, expected);
    console.log(message);
  });
}
