import { assertEquals } from "@std/assert";
import { epochs, task } from "../../../dsl/mod.ts";
import { everywhere } from "./world.ts";

everywhere("run: a clock that is given tells now its times, once each", async (world) => {
  const told: [string, number][] = [];
  const ask = task("ask", { retry: { attempts: 2 } }).run(async (_, { now, node, try: number }) => {
    const times = [await now(), await now("later"), await now()];
    if (node === world.node) {
      told.push(...times.map((time) => [`try ${number}`, time.getTime()] as [string, number]));
    }
    if (number === 1) throw new Error("once");
  });
  const given = world.job({ init: [], epoch: [ask], exit: [], until: epochs(1) });
  await world.run(given, { clock: ({ epoch }, nth) => 100 * epoch + nth });
  assertEquals(told, [["try 1", 101], ["try 1", 102], ["try 1", 101], ["try 2", 101], [
    "try 2",
    102,
  ], ["try 2", 101]]);
});
