import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { param } from "../../../dsl/mod.ts";
import { parseArguments } from "../../../runtime/cli/arguments.ts";
import { parseParams } from "../../../runtime/cli/params.ts";
import { UsageError } from "../../../runtime/cli/usage_error.ts";

function refusal(...args: string[]): string {
  return assertThrows(() => parseArguments(args), UsageError).message;
}

Deno.test("arguments: run is the default, and flags go anywhere", () => {
  const bare = parseArguments([]);
  assertEquals([bare.command, bare.fresh, bare.json, bare.quiet], ["run", false, false, false]);
  const args = parseArguments([
    "--seed=3",
    "run",
    "-q",
    "--param",
    "a=1=2",
    "--to",
    "file:x",
    "--fresh",
  ]);
  assertEquals([args.command, args.seed, args.quiet, args.to, args.fresh], [
    "run",
    3,
    true,
    "file:x",
    true,
  ]);
  assertEquals([...args.params], [["a", "1=2"]]);
  const timed = parseArguments(["--stop-after", "55m", "resume", "--grace=30s"]);
  assertEquals([timed.stopAfter, timed.grace], ["55m", "30s"]);
  assertEquals(parseArguments(["resume", "--from", "4@a3"]).from, "4@a3");
  assertEquals(parseArguments(["prune", "--wait", "30s"]).wait, "30s");
  assertEquals(parseArguments(["--migrated", "split,widen"]).migrated, "split,widen");
});

Deno.test("arguments: each mistake is said, with what would be right", () => {
  assertStringIncludes(refusal("--parm", "x=1"), "Unknown flag --parm: the nearest is --param");
  assertStringIncludes(
    refusal("--stop-after", "soon"),
    '--stop-after: Cannot parse duration "soon"',
  );
  assertEquals(
    refusal("drill", "--limit", "0s"),
    'Cannot parse --limit "0s": no process ends in no time; give each longer than the job takes, as in --limit 10m',
  );
  assertStringIncludes(
    refusal("repair", "--wait", "1s", "--dry-run"),
    "--dry-run asks for nothing that --wait could wait for",
  );
  assertStringIncludes(refusal("--wait", "1s"), "it goes with prune, repair");
  assertStringIncludes(refusal("ls", "--grace", "1s"), "it goes with run, resume");
  assertStringIncludes(refusal("--jsn"), "Unknown flag --jsn: the nearest is --json");
  assertStringIncludes(refusal("resum"), 'Unknown command "resum": did you mean "resume"?');
  assertStringIncludes(
    refusal("destroy-all"),
    'Unknown command "destroy-all": run, resume, plan, ls, verify, explain, prune, repair, pin, unpin, fork, drill',
  );
  assertStringIncludes(refusal("run", "again"), '"run" takes no further words, found "again"');
  assertStringIncludes(refusal("--to"), "--to needs a value, as in --to file:checkpoints");
  assertStringIncludes(refusal("--json=yes"), '--json takes no value, found "yes"');
  assertStringIncludes(
    refusal("--param", "rate"),
    'Cannot parse --param "rate": write name=value, as in --param rate=0.1',
  );
  assertStringIncludes(refusal("--param", "a=1", "--param", "a=2"), "--param a is given twice");
  assertStringIncludes(
    refusal("run", "--fresh", "--migrated", "none"),
    "--fresh starts anew, so that nothing is migrated: leave one out",
  );
  assertStringIncludes(
    refusal("plan", "--migrated", "none"),
    '"plan" takes --migrated only with --resume',
  );
  assertStringIncludes(
    refusal("--seed=-1"),
    'Cannot parse --seed "-1": give a whole number from 0',
  );
  assertStringIncludes(refusal("--from", "3"), '"run" does not take --from: it goes with resume');
  assertStringIncludes(refusal("ls", "--fresh"), '"ls" does not take --fresh: it goes with run');
});

Deno.test("arguments: params are parsed by their types", () => {
  const declared = new Map(
    [
      param("rate", 0.1),
      param("name", "x"),
      param("deep", false),
    ].map((one) => [one.name, one]),
  );
  const parse = (...texts: [string, string][]): unknown => parseParams(new Map(texts), declared);
  assertEquals(parse(["rate", "1e-3"], ["name", "1"], ["deep", "true"]), {
    ...{ rate: 0.001, name: "1", deep: true },
  });
  const message = (...texts: [string, string][]): string =>
    assertThrows(() => parse(...texts), UsageError).message;
  assertEquals(message(["rat", "1"]), 'Unknown param "rat": the nearest are rate, name, deep');
  assertEquals(message(["rate", "fast"]), "Cannot parse --param rate=fast: it takes a number");
  assertEquals(message(["rate", ""]), "Cannot parse --param rate=: it takes a number");
  assertEquals(
    message(["rate", "Infinity"]),
    "Cannot parse --param rate=Infinity: it takes a number",
  );
  assertEquals(message(["deep", "yes"]), "Cannot parse --param deep=yes: it takes true or false");
});

Deno.test("arguments: a job without params says so", () => {
  const { message } = assertThrows(() => parseParams(new Map([["a", "1"]]), new Map()), UsageError);
  assertEquals(message, 'Unknown param "a": the job has none');
  const shaped = assertThrows(
    () =>
      parseParams(new Map([["trial-3.rate", "1"]]), new Map([["trials", param("trials", 3)]]), [
        "trials",
      ]),
    UsageError,
  );
  assertStringIncludes(shaped.message, "Which there are depends on trials: give that as well");
});
