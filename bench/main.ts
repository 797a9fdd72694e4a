/** Measures what is claimed, as ratios against real peers in one run: `deno task bench [overhead|checkpoint]`. */

import { checkpoint } from "./checkpoint.ts";
import { describeMachine } from "./machine.ts";
import { overhead } from "./overhead.ts";

const topics: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  overhead,
  checkpoint,
};

if (import.meta.main) {
  const wanted = Deno.args.length === 0 ? Object.keys(topics) : Deno.args;
  const unknown = wanted.filter((topic) => !Object.hasOwn(topics, topic));
  if (unknown.length > 0) {
    console.error(`Unknown topic "${unknown[0]}": there are ${Object.keys(topics).join(", ")}`);
    Deno.exit(2);
  }
  const folder = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  try {
    console.log(await describeMachine(folder));
    for (const topic of wanted) console.log(`\n${await topics[topic]?.(folder)}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
