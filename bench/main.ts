/**
 * Measures what is claimed, as ratios against real peers in one run:
 * `deno task bench [ROW …] [--size=256MiB] [--rounds=5] [--to=FILE]`.
 *
 * A run of all rows writes BENCHMARKS.md; one of some rows writes where `--to` says, if anywhere.
 */

import { fromFileUrl, join } from "@std/path";
import { describeMachine } from "./machine.ts";
import { page, type Reported, terminalText } from "./report.ts";
import type { Outcome } from "./row.ts";
import { rows } from "./rows/mod.ts";

const MIB = 1024 * 1024;
const PAGE = fromFileUrl(new URL("../BENCHMARKS.md", import.meta.url));
const RUN_ROW = fromFileUrl(new URL("./run_row.ts", import.meta.url));
const PERMISSIONS = ["read", "write", "run", "env"].map((name) => `--allow-${name}`);

interface Options {
  readonly names: readonly string[];
  readonly mebibytes: number;
  readonly rounds: number;
  readonly to: string | undefined;
}

function parse(args: readonly string[]): Options {
  const names = args.filter((arg) => !arg.startsWith("--"));
  const known = Object.keys(rows);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) fail(`Unknown row "${unknown}": there are ${known.join(", ")}`);
  let [mebibytes, rounds, to] = [1024, 5, names.length === 0 ? PAGE : undefined];
  for (const arg of args.filter((arg) => arg.startsWith("--"))) {
    const [, option, text = ""] = /^--(\w+)=(.+)$/.exec(arg) ?? [];
    const size = /^(\d+)(MiB|GiB)$/.exec(text);
    if (option === "size" && size !== null) {
      mebibytes = Number(size[1]) * (size[2] === "GiB" ? 1024 : 1);
    } else if (option === "rounds" && Number(text) >= 1) rounds = Math.floor(Number(text));
    else if (option === "to") to = text;
    else fail(`Cannot parse "${arg}": there are --size=256MiB, --rounds=5 and --to=FILE`);
  }
  if (mebibytes < 64) fail(`--size is ${mebibytes} MiB: give 64MiB or more`);
  return { names: names.length === 0 ? known : names, mebibytes, rounds, to };
}

function fail(message: string): never {
  console.error(message);
  Deno.exit(2);
}

/** Runs a row in a process of its own, so that no row meets the memory of the one before. */
async function run(name: string, { mebibytes, rounds }: Options): Promise<Reported> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  const outcome = join(folder, "outcome.json");
  const work = join(folder, "work");
  await Deno.mkdir(work);
  try {
    const flags = ["--no-prompt", ...PERMISSIONS, "--v8-flags=--expose-gc"];
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...flags, RUN_ROW, name, work, `${mebibytes * MIB}`, `${rounds}`, outcome],
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    const title = rows[name]?.title ?? name;
    if (!success) return { title, outcome: undefined };
    return { title, outcome: JSON.parse(await Deno.readTextFile(outcome)) as Outcome };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const options = parse(Deno.args);
  const temporary = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  const facts = await describeMachine(temporary);
  await Deno.remove(temporary);
  console.log(facts);
  const reports: Reported[] = [];
  for (const name of options.names) {
    const reported = await run(name, options);
    reports.push(reported);
    console.log(`\n${terminalText(reported)}`);
  }
  if (options.to !== undefined) {
    const size = options.mebibytes % 1024 === 0
      ? `${options.mebibytes / 1024} GiB`
      : `${options.mebibytes} MiB`;
    await Deno.writeTextFile(options.to, page(reports, facts, size));
    await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", options.to] }).output();
    console.log(`\nWritten: ${options.to}`);
  }
  if (reports.some(({ outcome }) => outcome === undefined)) Deno.exit(1);
}
