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
