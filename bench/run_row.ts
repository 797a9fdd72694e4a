/** Runs one row in a process of its own: its name, its folder, sizes, and where the outcome goes. */

import { collectorOf } from "./collect.ts";
import { rows } from "./rows/mod.ts";

if (import.meta.main) {
  const [name = "", folder = "", bytes = "", rounds = "", path = ""] = Deno.args;
  const row = rows[name];
  if (row === undefined) throw new RangeError(`there is no row "${name}"`);
  const outcome = await row.measure({
    ...{ folder, bytes: Number(bytes), rounds: Number(rounds), collect: collectorOf() },
    log: (text) => console.error(`  ${name}: ${text}`),
  });
  await Deno.writeTextFile(path, JSON.stringify(outcome));
}
