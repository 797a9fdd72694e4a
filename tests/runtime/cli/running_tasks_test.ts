import { assertEquals } from "@std/assert";
import { RunningTasks, tableLayout } from "../../../runtime/cli/running_tasks.ts";
import type { EventBody } from "../../../runtime/events.ts";
import { learnOn } from "./script.ts";

const START = 16;

interface Row {
  readonly name: string;
  readonly deadline: number;
}

/** A table, and what another thread reads of it. */
function makeTable(timeouts: [string, number][] = []) {
  const layout = tableLayout(START);
  const memory = new SharedArrayBuffer(START + layout.slots * layout.slotBytes);
  const tasks = new RunningTasks(memory, layout, new Map(timeouts));
  const read = (): Row[] => {
    const view = new DataView(memory);
    const states = new Int32Array(memory);
    return Array.from({ length: layout.slots }, (_, slot) => START + slot * layout.slotBytes)
      .filter((at) => Atomics.load(states, at / 4) === 1)
      .map((at) => ({
        name: new TextDecoder().decode(
          new Uint8Array(memory, at + 16, view.getInt32(at + 4)).slice(),
        ),
        deadline: view.getFloat64(at + 8),
      }));
  };
  const tell = (body: EventBody, time = 0): void => tasks.observe({ time, ...body });
  return { tell, read };
}

function started(node: string): EventBody {
  return { type: "task-started", ...learnOn(node), try: 1 };
}

function finished(node: string): EventBody {
  return { type: "task-finished", ...learnOn(node), durationMs: 1 };
}

Deno.test("running tasks: those that run are in the table, with their deadlines", () => {
  const { tell, read } = makeTable([["learn", 500]]);
  assertEquals(read(), []);
  tell(started("n0"), 1_000);
  tell(started("n1"), 2_000);
  assertEquals(read(), [
    { name: "learn@n0", deadline: 1_500 },
    { name: "learn@n1", deadline: 2_500 },
  ]);
  tell(finished("n0"));
  assertEquals(read(), [{ name: "learn@n1", deadline: 2_500 }]);
  tell(started("n1"), 3_000);
  assertEquals(read(), [{ name: "learn@n1", deadline: 3_500 }]);
});

Deno.test("running tasks: one without a timeout has no deadline", () => {
  const { tell, read } = makeTable();
  tell(started("n0"));
  assertEquals(read(), [{ name: "learn@n0", deadline: Infinity }]);
});

Deno.test("running tasks: more than the table holds are left out, and names are cut", () => {
  const { tell, read } = makeTable();
  const nodes = Array.from({ length: 40 }, (_, index) => `${"long".repeat(40)}-${index}`);
  for (const node of nodes) tell(started(node));
  assertEquals(read().length, 32);
  assertEquals(read()[0]?.name.length, 112);
  for (const node of nodes) tell(finished(node));
  assertEquals(read(), []);
  tell(started("n0"));
  assertEquals(read().map(({ name }) => name), ["learn@n0"]);
});
