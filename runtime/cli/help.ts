/**
 * What `--help` says.
 *
 * @module
 */
import type { ParamRef } from "../../dsl/mod.ts";
import type { Program } from "../program.ts";

/** The help of a job file. */
export function helpText(program: Program): string {
  const params = [...program.declaredParams.values()];
  return `${program.job}: a Tidemark job

Usage: deno run … <file> [command] [flags]

Commands
  run              start the job, or go on where it stands, or say that it is finished (the default)
  resume           go on from a saved epoch; an error where nothing is saved
  plan             print exactly what would run, and what would be saved
  ls               list the saved epochs

Flags
  --fresh          run: start anew, on a line of its own; deletes nothing
  --from EPOCH     resume: the epoch to go on from: a number, "latest", or "4@a3" of attempt 3
  --param NAME=V   give a param a value; it wins over the saved one, and that over the default
  --seed N         the seed of all random numbers; wins over the saved one (0 at first)
  --to PLACE       where the checkpoints are, as in file:checkpoints; instead of the plan's
  --json           print events (or the plan, or the list) as JSON
  --quiet, -q      print only warnings, errors, and how the run starts and ends
  --help, -h       print this
  --version, -V    print Tidemark's version

Params
${params.length === 0 ? "  (none)" : params.map(paramLine).join("\n")}

Exit codes
  0    finished
  1    the job failed; it can be resumed from the last saved epoch
  2    the command line was wrong
  75   stopped (SIGINT, SIGTERM); run it again to go on

The first SIGINT (Ctrl-C) or SIGTERM stops the job, resumable; the second ends the process at once,
which loses nothing that was saved.
`;
}

/** A param with its type, default and bounds. */
export function paramLine(param: ParamRef<unknown>): string {
  const { name, min, max, integer, choices } = param;
  const rules = [
    choices === undefined ? integer ? "whole number" : typeof param.default : choices.join(" | "),
    ...min === undefined ? [] : [`at least ${min}`],
    ...max === undefined ? [] : [`at most ${max}`],
  ];
  return `  --param ${name}=${param.default}  (${rules.join(", ")})`;
}
