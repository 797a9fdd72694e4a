// The script of the docs, as it stands, without Slurm.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ROOT, withFolder } from "../e2e/process.ts";

Deno.test({
  name:
    "slurm: the script runs a job of the clone with the permissions that it has where none are given",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await withFolder(async (folder) => {
      await Deno.symlink(Deno.execPath(), join(folder, "deno"));
      const { FLAGS: _, ...env } = Deno.env.toObject();
      const params = ["--param", "epochs=1", "--param", "images=500"];
      const { code, stdout, stderr } = await new Deno.Command("bash", {
        args: [
          "examples/slurm.sh",
          "examples/digits.ts",
          "--to",
          `file:${folder}/saved`,
          ...params,
        ],
        cwd: ROOT,
        clearEnv: true,
        env: { ...env, NO_COLOR: "1", PATH: `${folder}:${env["PATH"]}` },
      }).output();
      const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assertEquals(code, 0, text);
      assertStringIncludes(text, "finished at epoch 1");
    });
  },
});

/** Whether it is told to stop, what it ends with, and whether it is to go back. */
const CASES = [
  [true, 75, true],
  [true, 142, true],
  [true, 143, true],
  [false, 75, true],
  [false, 142, true],
  [false, 137, false],
] as const;

Deno.test({
  name: "slurm: what was told to stop goes back into the queue, also where its grace has ended it",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (const [isTold, code, isRequeued] of CASES) {
      await withFolder(async (folder) => {
        // In the place of a job: it says that it runs, hears the signal, and ends with the code.
        const job = `#!/bin/bash
          trap 'exit ${code}' TERM
          ${isTold ? "echo runs; while true; do sleep 0.05; done" : `exit ${code}`}`;
        const queue = `#!/bin/bash\necho "$@" >> "${join(folder, "asked")}"`;
        for (const [name, text] of [["deno", job], ["scontrol", queue]] as const) {
          await Deno.writeTextFile(join(folder, name), text, { mode: 0o755 });
        }
        const child = new Deno.Command("bash", {
          args: ["examples/slurm.sh", "job.ts"],
          cwd: ROOT,
          env: { SLURM_JOB_ID: "7", PATH: `${folder}:${Deno.env.get("PATH")}` },
          ...{ stdout: "piped", stderr: "null" },
        }).spawn();
        const reader = child.stdout.getReader();
        if ((await reader.read()).done !== true) child.kill("SIGTERM");
        await reader.cancel();
        assertEquals((await child.status).code, code);
        const asked = await Deno.readTextFile(join(folder, "asked")).catch(() => "");
        assertEquals(asked, isRequeued ? "requeue 7\n" : "");
      });
    }
  },
});
