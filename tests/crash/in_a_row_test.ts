import kMeans from "../../examples/k_means.ts";
import { temporaryFolder } from "../storage/watched_file_system.ts";
import { killInARow } from "./in_a_row.ts";

Deno.test("an example killed many times in a row, at least half of them inside a save, leaves nothing behind", async () => {
  await using folder = await temporaryFolder();
  const { kills, inSave, removed } = await killInARow({
    ...{ example: "k_means.ts", job: kMeans, args: [], kills: 10, folder: folder.path, seed: 3 },
    longestMs: 200,
  });
  console.log(`${kills} kills, ${inSave} inside a save, ${removed} objects left for repair`);
});
