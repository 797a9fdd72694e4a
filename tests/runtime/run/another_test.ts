// Which edits make another job of it, so that its effects get new keys.
import { assertEquals } from "@std/assert";
import { epochs, task } from "../../../dsl/mod.ts";
import { everywhere, notices, type World } from "./world.ts";

/** A job whose task of one phase pays, and dies then where it is told to. */
function paying(world: World, phase: "init" | "exit", amount: number, dies = false) {
  const keys: string[] = [];
  const end = (key: string): void => {
    keys.push(key);
    if (dies) throw new Error("dies here");
  };
  // Its text says how much it pays, as that of an edited task does.
  const pay = amount === 7
    ? task("pay").run((_, { idempotencyKey }) => end(`7 ${idempotencyKey}`))
    : task("pay").run((_, { idempotencyKey }) => end(`8 ${idempotencyKey}`));
  const other = task("other").run(() => {});
  const given = world.job({
    init: [phase === "init" ? pay : other],
    epoch: [task("walk").run(() => {})],
    exit: [phase === "exit" ? pay : other],
    until: epochs(1),
  });
  return { given, keys, key: () => keys.map((text) => text.slice(2)).sort() };
}

for (const phase of ["init", "exit"] as const) {
  everywhere(`an edited task of ${phase} that was under way has a new key`, async (world) => {
    const first = paying(world, phase, 7, true);
    await world.fail(first.given, { resumeFromEpoch: "auto" });
    const same = paying(world, phase, 7, true);
    await world.fail(same.given, { resumeFromEpoch: "auto" });
    const edited = paying(world, phase, 8, true);
    const { seen } = await world.fail(edited.given, { resumeFromEpoch: "auto" });
    const again = paying(world, phase, 8);
    await world.run(again.given, { resumeFromEpoch: "auto" });
    // A node whose sibling failed first may not have paid.
    const shared = (a: typeof first, b: typeof first) =>
      a.key().some((key) => b.key().includes(key));
    assertEquals(shared(first, same), true, "a repeat has its key");
    assertEquals(shared(first, edited), false, "an edited task has a new one");
    assertEquals(shared(edited, again), true, "and keeps that");
    const said = notices(seen).filter((text) => text.includes('the code of task "pay" was edited'));
    assertEquals(said.length, 1);
  });
}

everywhere("an edit of exit leaves the keys of epochs as they are", async (world) => {
  const keys: string[] = [];
  const walk = (dies: boolean) =>
    task("walk").run((_, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      if (dies) throw new Error("dies here");
    });
  const make = (dies: boolean, amount: number) =>
    world.job({
      init: [],
      epoch: [walk(dies)],
      exit: [amount === 7 ? task("pay").run(() => 7 as never) : task("pay").run(() => {})],
      until: epochs(1),
    });
  await world.fail(make(true, 7), { resumeFromEpoch: "auto" });
  const before = keys.splice(0);
  await world.run(make(false, 8), { resumeFromEpoch: "auto" });
  assertEquals(before.every((key) => keys.includes(key)), true, keys.join(", "));
});
