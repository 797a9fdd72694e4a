/**
 * The command line of a job file.
 *
 * @module
 */
import type { Job } from "../../dsl/mod.ts";
import { runCommandLine } from "./command_line.ts";
import { processOutput } from "./process_output.ts";

/**
 * The command line of a job file: runs the job where the file is the program, and does nothing where
 * it is imported.
 *
 * `--help` lists its commands, flags and exit codes. The process ends with it.
 *
 * @example
 * ```ts
 * import { blob, epochs, job, main, task } from "tidemark";
 *
 * const total = blob("total", { initial: () => 0 });
 * const add = task("add", { reads: { total }, writes: { total } })
 *   .run(({ total }) => ({ total: total + 1 }));
 * const sum = job("sum", { epoch: [add], until: epochs(3), checkpoint: { to: "file:checkpoints" } });
 *
 * await main(import.meta, sum);
 * ```
 */
export async function main(meta: ImportMeta, job: Job): Promise<void> {
  if (!meta.main) return;
  const code = await runCommandLine(job, {
    args: Deno.args,
    base: meta.url,
    output: processOutput(),
  });
  // What a task has left behind must not keep the process alive.
  Deno.exit(code);
}
