/**
 * Parses the command line of a job file.
 *
 * @module
 */
import { type Duration, parseDuration } from "../../dsl/mod.ts";
import { nameProblem } from "../../dsl/check/names.ts";
import { editDistance, nearNames } from "../../dsl/near.ts";
import { EXAMPLES, SHORT, SWITCHES, VALUES } from "./flags.ts";
import { messageOf } from "../thrown_text.ts";
import { UsageError } from "./usage_error.ts";

/** What a job file can be told to do. */
export const COMMANDS = [
  "run",
  "resume",
  "plan",
  "ls",
  "verify",
  "explain",
  "prune",
  "repair",
  "pin",
  "unpin",
  "fork",
  "drill",
] as const;

/** One of the commands. */
export type Command = (typeof COMMANDS)[number];

/** A command line, parsed; params are still text. */
export interface Arguments {
  /** What to do. */
  readonly command: Command;
  /** Whether to show the help instead. */
  readonly help: boolean;
  /** Whether to show the version instead. */
  readonly version: boolean;
  /** Starts a new line; by itself this removes nothing. */
  readonly fresh: boolean;
  /** Reads every byte. */
  readonly full: boolean;
  /** Lists every state. */
  readonly all: boolean;
  /** Removes what lies beside the current line too. */
  readonly sideLines: boolean;
  /** Says what would be removed, and removes nothing. */
  readonly dryRun: boolean;
  /** Takes the job over where another runner holds it. */
  readonly takeOver: boolean;
  /** Goes on where the job was edited, as far as that can be allowed. */
  readonly allowChange: boolean;
  /** The migrations that saved epochs have gone through of which nobody can tell otherwise: a list, or "none". */
  readonly migrated: string | undefined;
  /** Says how a resume would go, instead of what a run would do. */
  readonly resume: boolean;
  /** The epoch to resume from. */
  readonly from: string | undefined;
  /** The epoch to pin or unpin. */
  readonly operand: string | undefined;
  /** The name under which the job is saved. */
  readonly as: string | undefined;
  /** The name under which the job that is forked is saved. */
  readonly of: string | undefined;
  /** How often the job is killed. */
  readonly kills: number | undefined;
  /** How long a process of a drill may take. */
  readonly limit: Duration | undefined;
  /** Whether faults are tried too. */
  readonly faults: boolean;
  /** The flags of the processes of a drill. */
  readonly flags: readonly string[] | undefined;
  /** The place. */
  readonly to: string | undefined;
  /** The seed. */
  readonly seed: number | undefined;
  /** How long the run may take before it is stopped. */
  readonly stopAfter: Duration | undefined;
  /** How long a task that was told to stop may take to do so. */
  readonly grace: Duration | undefined;
  /** How long to wait until whoever holds the job has done what is asked. */
  readonly wait: Duration | undefined;
  /** Params by name, as text. */
  readonly params: ReadonlyMap<string, string>;
  /** Prints each event as a line of JSON. */
  readonly json: boolean;
  /** Prints only warnings and the end. */
  readonly quiet: boolean;
}

/** The flags that say which checkpoints are meant. */
const PLACE = ["--to", "--as"] as const;
/** The flags of commands that run the job. */
const RUNS = [
  ...PLACE,
  ...["--json", "--quiet", "--param", "--seed", "--stop-after", "--grace", "--take-over"],
  ...["--allow-change", "--migrated"],
] as const;

/** Which flags a command takes, beside `--help` and `--version`. */
const TAKES: Readonly<Record<Command, readonly string[]>> = {
  run: ["--fresh", ...RUNS],
  resume: ["--from", ...RUNS],
  plan: ["--resume", "--from", "--param", "--seed", "--migrated", "--json", ...PLACE],
  ls: ["--all", "--json", ...PLACE],
  verify: ["--full", "--json", ...PLACE],
  explain: ["--full", "--param", "--json", ...PLACE],
  prune: ["--full", "--dry-run", "--side-lines", "--param", "--wait", "--json", ...PLACE],
  repair: ["--dry-run", "--wait", "--json", ...PLACE],
  pin: PLACE,
  unpin: PLACE,
  fork: ["--from", "--of", ...RUNS],
  drill: [
    ...["--kills", "--faults", "--flags", "--limit", "--param", "--seed", "--to"],
    ...["--json", "--quiet"],
  ],
};

/**
 * Parses a command line.
 *
 * @throws {UsageError} Where a word or flag is unknown (the nearest known one is named), or a value
 * is missing.
 */
export function parseArguments(args: readonly string[]): Arguments {
  const words: string[] = [];
  const switches = new Set<string>();
  const values = new Map<string, string>();
  const params = new Map<string, string>();
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith("-")) {
      words.push(word);
      continue;
    }
    const [flag = "", inline] = split(SHORT[word] ?? word);
    if (isIn(SWITCHES, flag)) {
      if (inline !== undefined) throw new UsageError(`${flag} takes no value, found "${inline}"`);
      switches.add(flag);
      continue;
    }
    if (!isIn(VALUES, flag)) throw unknownFlag(flag);
    const value = inline ?? rest.shift() ?? "";
    if (value === "" || (inline === undefined && value.startsWith("-"))) {
      throw new UsageError(`${flag} needs a value, as in ${EXAMPLES[flag]}`);
    }
    if (flag === "--param") addParam(params, value);
    else if (values.has(flag)) throw new UsageError(`${flag} is given twice`);
    else values.set(flag, value);
  }
  const command = commandOf(words);
  const isMeta = switches.has("--help") || switches.has("--version");
  const operand = operandOf(command, words.slice(1), isMeta, values.has("--as"));
  const used = [...switches, ...values.keys(), ...params.size > 0 ? ["--param"] : []];
  for (const flag of used) {
    if (isMeta || TAKES[command].includes(flag)) continue;
    const other = COMMANDS.filter((name) => TAKES[name].includes(flag)).join(", ");
    throw new UsageError(`"${command}" does not take ${flag}: it goes with ${other}`);
  }
  checkTogether(command, used);
  return {
    command,
    help: switches.has("--help"),
    version: switches.has("--version"),
    fresh: switches.has("--fresh"),
    full: switches.has("--full"),
    all: switches.has("--all"),
    sideLines: switches.has("--side-lines"),
    dryRun: switches.has("--dry-run"),
    takeOver: switches.has("--take-over"),
    allowChange: switches.has("--allow-change"),
    migrated: values.get("--migrated"),
    resume: switches.has("--resume"),
    from: values.get("--from"),
    operand,
    as: parseName("--as", values.get("--as")),
    of: parseName("--of", values.get("--of")),
    kills: parseCount("--kills", values.get("--kills"), 1),
    faults: switches.has("--faults"),
    flags: values.get("--flags")?.split(/\s+/).filter((flag) => flag !== ""),
    to: values.get("--to"),
    seed: parseCount("--seed", values.get("--seed"), 0),
    stopAfter: parseTime("--stop-after", values.get("--stop-after")),
    grace: parseTime("--grace", values.get("--grace")),
    wait: parseTime("--wait", values.get("--wait")),
    limit: parseLimit(values.get("--limit")),
    params,
    json: switches.has("--json"),
    quiet: switches.has("--quiet"),
  };
}

/** Flags that say something only beside another one, or only without it. */
function checkTogether(command: Command, used: readonly string[]): void {
  for (const flag of ["--from", "--seed", "--migrated"]) {
    if (command !== "plan" || !used.includes(flag) || used.includes("--resume")) continue;
    throw new UsageError(`"plan" takes ${flag} only with --resume`);
  }
  if (used.includes("--dry-run") && used.includes("--wait")) {
    throw new UsageError("--dry-run asks for nothing that --wait could wait for: leave one out");
  }
  if (!used.includes("--fresh")) return;
  if (used.includes("--allow-change")) {
    throw new UsageError("--fresh starts anew, so that there is no change to allow: leave one out");
  }
  if (used.includes("--migrated")) {
    throw new UsageError("--fresh starts anew, so that nothing is migrated: leave one out");
  }
}

function split(word: string): readonly [string, string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function isIn<T extends string>(list: readonly T[], word: string): word is T {
  return (list as readonly string[]).includes(word);
}

function unknownFlag(flag: string): UsageError {
  const [near = ""] = nearNames(flag, [...SWITCHES, ...VALUES], 1);
  return new UsageError(
    `Unknown flag ${flag}: the nearest is ${near} (a param is given as ${EXAMPLES["--param"]})`,
  );
}

function commandOf([word]: readonly string[]): Command {
  if (word === undefined) return "run";
  if (!isIn(COMMANDS, word)) {
    const [near = ""] = nearNames(word, COMMANDS, 1);
    const hint = editDistance(word, near) <= 3 ? `did you mean "${near}"?` : COMMANDS.join(", ");
    throw new UsageError(`Unknown command "${word}": ${hint}`);
  }
  return word;
}

function operandOf(
  command: Command,
  [operand, ...more]: readonly string[],
  isMeta: boolean,
  hasName: boolean,
): string | undefined {
  const takesOne = command === "pin" || command === "unpin";
  const extra = takesOne ? more[0] : operand;
  if (extra !== undefined) {
    throw new UsageError(`"${command}" takes no further words, found "${extra}"`);
  }
  if (command === "fork" && !isMeta && !hasName) {
    throw new UsageError('"fork" needs a name for the new job, as in fork --from 4 --as warmer');
  }
  if (takesOne && operand === undefined && !isMeta) {
    throw new UsageError(`"${command}" needs an epoch, as in ${command} 4, or ${command} 4@a3`);
  }
  return operand;
}

function addParam(params: Map<string, string>, text: string): void {
  const [name, value] = split(text);
  if (value === undefined || name === "") {
    throw new UsageError(
      `Cannot parse --param "${text}": write name=value, as in ${EXAMPLES["--param"]}`,
    );
  }
  if (params.has(name)) throw new UsageError(`--param ${name} is given twice`);
  params.set(name, value);
}

function parseCount(flag: string, text: string | undefined, min: number): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= min) return count;
  throw new UsageError(`Cannot parse ${flag} "${text}": give a whole number from ${min}`);
}

function parseName(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const problem = nameProblem(text);
  if (problem === undefined) return text;
  throw new UsageError(`Cannot parse ${flag} "${text}": ${problem}`);
}

function parseTime(flag: string, text: string | undefined): Duration | undefined {
  if (text === undefined) return undefined;
  try {
    parseDuration(text as Duration);
    return text as Duration;
  } catch (error) {
    throw new UsageError(`${flag}: ${messageOf(error)}`);
  }
}

function parseLimit(text: string | undefined): Duration | undefined {
  const limit = parseTime("--limit", text);
  if (limit === undefined || parseDuration(limit) > 0) return limit;
  throw new UsageError(
    `Cannot parse --limit "${text}": no process ends in no time; give each longer than the job takes, as in ` +
      EXAMPLES["--limit"],
  );
}
