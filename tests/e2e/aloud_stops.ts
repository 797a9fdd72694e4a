/** A job that is told to stop before it gets anywhere, and what is said of it. */
import { join } from "@std/path";
import { type Edits, runBefore, type Trouble } from "./aloud_job.ts";

/** So much that it is read beside other work. */
const LARGE: Edits = [["20_000", "1_000_000"]];

/** All of it. */
export const STOPS: readonly Trouble[] = [
  {
    name: "it is told to stop for the third time before it has saved anything",
    spoil: async (saved) => {
      for (let stop = 0; stop < 2; stop++) {
        await runBefore(saved, { args: ["--stop-after", "0s"], code: 75 });
      }
    },
    args: ["--stop-after", "0s"],
    code: 75,
    says: [
      "3 starts in a row, this one among them, began at epoch 3",
      "those before it were told to stop before they had saved anything",
      "give it more time (--stop-after), or have what its tasks have done recorded",
    ],
  },
  {
    name: "it is told to stop while it reads what is saved",
    spoil: async (saved) => {
      await runBefore(saved, { edits: LARGE, args: ["--fresh"] });
      await Deno.writeTextFile(
        join(saved, "../../slow.ts"),
        `const { read } = Deno.FsFile.prototype;
        Deno.FsFile.prototype.read = async function (into) {
          if (into.byteLength < 100_000) return await read.call(this, into);
          Deno.FsFile.prototype.read = read;
          Deno.kill(Deno.pid, "SIGTERM");
          await new Promise((resolve) => setTimeout(resolve, 500));
          return await read.call(this, into);
        };`,
      );
    },
    edits: [...LARGE, ["epochs(5)", "epochs(6)"]],
    permits: (folder) => [
      `--preload=${join(folder, "slow.ts")}`,
      ...[`--allow-read=${folder}`, `--allow-write=${folder}`],
    ],
    code: 75,
    says: ["SIGTERM: stopping", "stopped (epoch 5 is saved)", "it can be resumed"],
  },
];
