import { assertEquals } from "@std/assert";
import { blob, epochs, group, job, keepLast, param, task, when } from "../../../dsl/mod.ts";
import { toJson } from "../../../runtime/cli/json.ts";
import { planData } from "../../../runtime/cli/plan_data.ts";
import { compile } from "../../../runtime/program.ts";

const size = param("size", 2);
const total = blob("total", { initial: () => 0 });
const scrap = blob<number>("scrap", { scratch: true });
const first = task("first", { reads: { size }, writes: { scrap } }).run(() => ({ scrap: 1 }));
const second = task("second", {
  reads: { scrap, total },
  writes: { total },
  timeout: "1m",
  retry: { attempts: 2, delay: "1s" },
}).run(() => ({ total: 1 }));
const some = job("some", {
  epoch: [first, group({ if: when(total, (n) => n > 0) }, second)],
  until: epochs(3),
  checkpoint: { to: "file:x", keep: [keepLast(2)] },
});

Deno.test("plan data: a program as plain data that JSON can hold", () => {
  const data = JSON.parse(toJson(planData(compile(some, { params: { size: 5 } }), "file:/x/some")));
  assertEquals(data, {
    ...{ job: "some", nodes: ["main"], place: "file:/x/some", params: { size: 5 } },
    ...{
      every: { epochs: 1 },
      keep: ["the last 2"],
      grain: "epoch",
      snapshot: "blocks",
      load: "eager",
      check: "off",
    },
    ...{ onSaveError: "fail", onDamaged: "fallback", onChange: "stop", migrate: [] },
    ...{ saved: ["main/total"], unsaved: ["main/scrap"], derived: [], until: ["epochs(3)"] },
    groups: {
      ...{ init: [], download: [], exit: [] },
      epoch: [
        {
          ...{ id: "first@main", kind: "task", task: "first", node: "main" },
          ...{ reads: [], writes: ["main/scrap"], after: [], gates: [] },
        },
        {
          ...{ id: "if@main-1", kind: "condition", node: "main" },
          reads: [{ blob: "main/total", how: "now" }],
          ...{ writes: [], after: [], if: "when(total)", gates: [] },
        },
        {
          ...{ id: "second@main", kind: "task", task: "second", node: "main" },
          reads: [{ blob: "main/scrap", how: "now" }, { blob: "main/total", how: "now" }],
          writes: ["main/total"],
          ...{ after: ["first@main", "if@main-1"], gates: ["if@main-1"] },
          ...{ retry: { attempts: 2, delay: "1s" }, timeout: "1m" },
        },
      ],
    },
    actions: {
      fresh: [{ do: "run", phase: "init" }, { do: "find blobs" }, { do: "save" }],
      resumed: [{ do: "load" }, { do: "judge" }, { do: "find blobs" }],
      epoch: [{ do: "run", phase: "epoch" }, { do: "judge" }, { do: "save" }],
      end: [{ do: "run", phase: "exit" }, { do: "record", phase: "exit" }],
    },
  });
});
