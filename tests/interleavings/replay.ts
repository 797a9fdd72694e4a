/**
 * Simulates one seed again, and prints all that happens:
 * `deno run --allow-read --allow-env tests/interleavings/replay.ts <seed>`.
 */

import "./fake_time.ts";
import { simulateSeed } from "./simulate.ts";
import { Tally } from "./tally.ts";

if (import.meta.main) {
  const tally = new Tally();
  await simulateSeed(Number(Deno.args[0]), tally, { isTold: true });
  console.log(`${tally}`);
}
