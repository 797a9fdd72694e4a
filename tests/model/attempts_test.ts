import { assert, assertEquals } from "@std/assert";
import { explore, type Weakening } from "./attempts.ts";

const WEAKENINGS: readonly Weakening[] = [
  "lists before it creates its attempt",
  "acknowledges without a look for a newer attempt",
  "looks before it links",
  "records its parent before it lists",
  "goes on saving once it is fenced",
];

for (const bounds of [{ runners: 2, epochs: 3 }, { runners: 3, epochs: 2 }]) {
  Deno.test(`attempts: over all interleavings of ${bounds.runners} runners no acknowledged epoch is lost`, () => {
    const { loss, states, steps, acknowledged } = explore(bounds);
    console.log(`${states} states, ${steps} steps, none of which loses an epoch`);
    assertEquals(loss, undefined);
    assert(states > 1_000 && acknowledged > bounds.epochs);
  });
}

for (const weakening of WEAKENINGS) {
  Deno.test(`attempts: a runner that ${weakening} loses one`, () => {
    const { loss, states } = explore({ runners: 2, epochs: 2 }, weakening);
    assert(loss !== undefined, `none is lost in ${states} states`);
    console.log(`lost after ${states} states by: ${loss.join("; ")}`);
  });
}
