// What a person says of epochs of which nobody can tell which migrations they have gone through.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { blob, epochs, type Job, job, type Migration, migration, task } from "../../../dsl/mod.ts";
import { runCommandLine } from "../../../runtime/cli/command_line.ts";
import { openStore } from "../../../storage/mod.ts";
import { at, makeOld } from "../run/old_states.ts";

const length = blob("length", { initial: () => 2 });
const convert = migration("convert", { reads: { length }, writes: { length } })
  .run(({ length }) => ({ length: 100 * length }));
const tell = task("tell", { reads: { length } }).run(({ length }, { log }) => log(`is ${length}`));

async function run(given: Job, ...args: string[]) {
  let said = "";
  const say = (text: string): void => void (said += text);
  const code = await runCommandLine(given, {
    args,
    base: "file:///jobs/world.ts",
    output: {
      ...{ out: say, err: say },
      ...{ isTerminal: false, noColor: true, size: () => ({ columns: 80, rows: 24 }) },
    },
  });
  return { code, said };
}

Deno.test("--migrated: what the refusal advises is what the command line takes", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  const given = (until: number, migrate: readonly Migration[]): Job =>
    job("world", { epoch: [tell], until: epochs(until), checkpoint: { to, migrate } });
  assertEquals((await run(given(1, []))).code, 0);
  const store = openStore(`${to}/world`);
  await makeOld(store, at(0, 1), at(1, 1));
  await store.remove(["attempts/000001.cbor"]);
  const refused = await run(given(2, [convert]));
  assertEquals(refused.code, 78, refused.said);
  assertStringIncludes(refused.said, "--migrated convert if so, --migrated none if through none");
  assertEquals((await run(given(2, [convert]), "plan", "--resume")).code, 78);
  const plan = await run(given(2, [convert]), "plan", "--resume", "--migrated", "none");
  assertStringIncludes(plan.said, 'is made by migration "convert"');
  const slip = await run(given(2, [convert]), "--migrated", "convrt");
  assertEquals(slip.code, 2);
  assertStringIncludes(slip.said, "the plan has only convert");
  const none = await run(given(2, [convert]), "--migrated", "none");
  assertEquals(none.code, 0, none.said);
  assertStringIncludes(none.said, "is 200");
  assertStringIncludes((await run(given(3, [convert]))).said, "is 200");
});
