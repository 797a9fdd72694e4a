/**
 * What `--help` says.
 *
 * @module
 */
import { type ParamRef, type ParamValue, paramValue } from "../../dsl/mod.ts";
import type { Program } from "../program.ts";
import { longest } from "./text.ts";

const COMMANDS = `Commands
  run              start the job, or go on where it stands, or say that it is finished (the default)
  resume           go on from a saved epoch; an error where nothing is saved
  plan             print exactly what would run, and what would be saved
  ls               list the saved epochs, as a tree of lines
  verify           look for damage in all that is saved; with --full, read and decode all
  explain          say for each saved epoch why it stays under the plan's keep, or goes at the next
                   save; changes nothing
  prune            remove now what the plan's keep does not keep; with --dry-run, say what that is.
                   Both first look at what stays: what is damaged is not counted, and not removed
  repair           remove what killed runs have left and nothing needs; with --dry-run, say what it
                   is. Like prune, it asks a process that runs the job to do it with its next save;
                   --wait waits for that
  pin EPOCH        keep a saved epoch, whatever the plan says, until it is unpinned: 4, or 4@a3
  unpin EPOCH      pin it no more; it goes when the plan does not keep it
  fork             begin a job of another name (--as) with a saved epoch of this one (--from), and
                   run it; packs are shared where the file system can, and neither job depends on
                   what the other keeps
  drill            prove that the job is exact: run it twice uninterrupted, then kill it again and
                   again in processes of its own, resume it, and compare all blobs. It needs
                   --allow-run, and leaves what is saved as it is, and nothing of its own
`;

const FLAGS = `Flags
  --fresh          run: start anew, on a line of its own; by itself this removes nothing (what the
                   plan's keep no longer keeps goes, as at any save)
  --all            ls: every epoch, also of long lines
  --full           verify, explain, prune: read and sum every byte (of what stays), not records and
                   sizes alone
  --from EPOCH     resume, fork, plan --resume: the epoch to go on from: a number, "latest" (the
                   default), or "4@a3", which is epoch 4 of attempt 3
  --as NAME        the name under which the job is saved, instead of its own: that of a fork
  --of NAME        fork: the fork that is forked, where it is not the job itself
  --param NAME=V   give a param a value; it wins over the saved one, and that over the default
  --seed N         the seed of all random numbers; wins over the saved one (0 at first)
  --stop-after T   stop the run, so that it can be resumed, when it has taken so long: 55m
  --side-lines     prune: all that lies beside the current line too, but for what is pinned
  --dry-run        prune, repair: change nothing, and ask for nothing
  --wait T         prune, repair: how long to wait until a process that runs the job has done it,
                   or has ended, so that it can be done here: 30s (then exit code 75)
  --allow-change   run, resume, fork: go on though the job was edited since it was saved, in a way
                   that changes what later epochs compute, or a derived blob is not what it was
  --migrated LIST  run, resume, fork, plan --resume: which of the plan's migrations those saved
                   epochs have gone through of which nobody can tell: split,widen, or "none"
  --resume         plan: say from which epoch a resume would go on (or from --from), what was edited
                   since it was saved, how each change is judged, which stop conditions hold (but
                   for those that read blobs), which tasks would run (first those of derived blobs)
                   and which have finished, and whether the job would go on; exit code 78 where an
                   edit keeps it from that
  --take-over      run the job though another process works on it, whose next save is then refused
  --grace T        how long a task that is told to stop may take to do so: 30s (10s by default); one
                   that never yields, and so hears of nothing, is then ended with the process
  --kills N        drill: how many trials with kills (20), spread over all steps of the job; up to
                   half of them, and one at least, are where pieces of a task are recorded and
                   the task is not
  --faults         drill: also try a full disk, failing reads and writes, damaged checkpoints and a
                   second runner; a failed save then ends the job, but for a disk that is full for a
                   while, under a plan whose onSaveError is "pause" or "retry"
  --limit T        drill: how long one of its processes may take before it is ended as hanging
                   (ten times what the first one takes, which nobody kills; a minute at least)
  --flags="FLAGS"  drill: flags of deno run for its processes, added to the permissions that this
                   process has in whole, and those to read and write the drill's folder. Others of
                   this process, as a --config or a list of files, are not known and must be given
                   here. With -A or -P nothing is added
  --to PLACE       where the checkpoints are, as in file:checkpoints; instead of the plan's
  --json           print events, one a line (or the plan, or the list) as JSON on standard output
  --quiet, -q      print only warnings, errors, and how the run starts and ends
  --help, -h       print this
  --version, -V    print Tidemark's version
`;

const ENDS = `Exit codes
  0    finished
  1    the job failed; it can be resumed from the last saved epoch (verify: something is damaged,
       or of a newer format version; drill: the job is not exact; prune, repair: the process that
       was asked has dropped the ask with something left that should have gone)
  2    the command line was wrong
  75   stopped (SIGINT, SIGTERM, --stop-after); run it again to go on (prune, repair: it was not
       done in the time of --wait; an ask that nobody waits for ends with 0)
  76   another process works on the job, or has taken it over from this one
  78   the job was edited since it was saved, or a derived blob is not what it was, and it does not
       go on so: see --allow-change; or a migration failed, or may have been applied already
  142  a task that was told to stop did not yield in the time of --grace; run it again to go on

The first SIGINT (Ctrl-C) or SIGTERM stops the job, so that it can be resumed. A second one, half a
second later or more, ends the process at once, as SIGKILL does (137 to a shell); what was saved is
safe either way. An epoch that has ended is saved first, whatever the plan says of when to save.
`;

/** The help of a job file. */
export function helpText(program: Program, file: string): string {
  const params = [...program.declaredParams.values()];
  return `${program.job}: a Tidemark job

Usage: deno run … ${file} [command] [flags]

${COMMANDS}
${FLAGS}
Params
${params.length === 0 ? "  (none)" : paramLines(params).join("\n")}

${ENDS}`;
}

/** Params with their types, defaults and bounds, and their values where those are others. */
export function paramLines(
  params: readonly ParamRef<unknown>[],
  values: Readonly<Record<string, ParamValue>> = {},
): string[] {
  const flags = params.map((param) => `--param ${param.name}=${paramValue(param, values)}`);
  const width = longest(flags);
  return params.map((param, index) => `  ${(flags[index] ?? "").padEnd(width)}  ${rulesOf(param)}`);
}

function rulesOf({ default: value, min, max, integer, choices }: ParamRef<unknown>): string {
  const type = integer ? "whole number" : typeof value;
  return [
    choices === undefined ? type : choices.join(" | "),
    ...min === undefined ? [] : [`at least ${min}`],
    ...max === undefined ? [] : [`at most ${max}`],
    `${value === "" ? '""' : value} by default`,
  ].join(", ");
}
