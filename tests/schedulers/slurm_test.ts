// The script of the docs, as it stands, under a real Slurm.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ROOT, runWell, withFolder } from "../e2e/process.ts";
import { installSlurm, SlurmCluster, whyNoSlurm } from "./slurm.ts";
import { JOB } from "./job.ts";

const WHY_NOT = await whyNoSlurm();
const SCRIPT = join(ROOT, "examples/slurm.sh");
const FLAGS = `--no-prompt --frozen --config=${join(ROOT, "deno.json")} --allow-read --allow-write`;

Deno.test({
  name:
    "slurm: told to stop before its time is up, a job saves, is requeued, and ends as one never stopped" +
    (WHY_NOT === undefined ? "" : ` (${WHY_NOT})`),
  ignore: WHY_NOT !== undefined,
  fn: async () => {
    await installSlurm();
    const undisturbed = await withFolder((folder) => runAlone(folder));
    await withFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "job.ts"), JOB);
      await Deno.writeTextFile(join(folder, "hold"), "");
      await Deno.mkdir(join(folder, "slurm"));
      await using cluster = await SlurmCluster.start(join(folder, "slurm"));
      const out = join(folder, "out.txt");
      const id = await submit(cluster, folder, out);
      // Slurm looks at times each 30 s, and sends its signal at the first look within the last 59 s.
      await cluster.until("the job to have saved", () => says(out, "stopped (epoch 2 is saved)"));
      await Deno.remove(join(folder, "hold"));
      await cluster.until("it to be in the queue again", async () => {
        return (await show(cluster, id)).includes("JobState=PENDING");
      });
      // Slurm would let it wait for two minutes. What starts within the second in which it was put back
      // is refused by slurmd, which takes it for the start that was ended.
      await cluster.call("scontrol", "update", `JobId=${id}`, "StartTime=now+3");
      await cluster.until("the job to have ended", () => says(out, "digest of all:"));
      const text = await Deno.readTextFile(out);
      assertStringIncludes(text, "SIGTERM: stopping");
      assertStringIncludes(text, "three: resumed from epoch 2 (attempt 2)");
      assertEquals(digestOf(text), digestOf(undisturbed));
      await cluster.until("Slurm to know", async () => {
        return (await show(cluster, id)).includes("JobState=COMPLETED");
      });
      assertStringIncludes(await show(cluster, id), "Restarts=1");
    });
  },
});

async function submit(cluster: SlurmCluster, folder: string, out: string): Promise<string> {
  // The script calls `deno`, as a user has it.
  await Deno.mkdir(join(folder, "bin"));
  await Deno.symlink(Deno.execPath(), join(folder, "bin/deno"));
  const limits = ["--time=1", "--signal=B:TERM@59"];
  const places = [`--chdir=${folder}`, `--output=${out}`];
  const path = `${folder}/bin:${Deno.env.get("PATH")}`;
  const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", FLAGS, PATH: path };
  return await cluster.submit([...limits, ...places, SCRIPT, join(folder, "job.ts")], env);
}

async function runAlone(folder: string): Promise<string> {
  await Deno.writeTextFile(join(folder, "job.ts"), JOB);
  return await runWell(join(folder, "job.ts"), { flags: ["--allow-read", "--allow-write"] });
}

async function show(cluster: SlurmCluster, id: string): Promise<string> {
  return (await cluster.call("scontrol", "show", "job", id)).text;
}

async function says(file: string, text: string): Promise<boolean> {
  try {
    return (await Deno.readTextFile(file)).includes(text);
  } catch {
    return false;
  }
}

function digestOf(text: string): string {
  const found = text.match(/digest of all: (\S+)/)?.[1];
  assert(found !== undefined, text);
  return found;
}
