import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  blob,
  epochs,
  from,
  gather,
  job,
  JobError,
  keepBest,
  nodes,
  param,
  replicate,
  task,
} from "../../dsl/mod.ts";
import { compile } from "../../runtime/program.ts";

const part = blob("part", { initial: () => 0 });
const sum = blob<number>("sum");
const rough = blob<number>("rough", { scratch: true });
const rate = param("rate", 1, { min: 0 });
const workers = param("workers", 2, { integer: true, min: 1 });

const shaped = job("shaped", { workers }, ({ workers }) => {
  const names = nodes("w", workers);
  const work = task("work", { reads: { part, rate }, writes: { part, rough } })
    .run(({ part, rate }) => ({ part: part + rate, rough: 0 }));
  const add = task("add", { reads: { parts: gather(names, part) }, writes: { sum } })
    .run(({ parts }) => ({ sum: parts.length }));
  return {
    epoch: [replicate(names, work), add],
    until: epochs(3),
    checkpoint: { to: "memory:x", every: epochs(2), keep: [keepBest({ max: from("w_0", part) })] },
  };
});

Deno.test("program: the actions in order, with those of what the job has", () => {
  const { fresh, resumed, epoch, end } = compile(shaped, { upload: true });
  assertEquals(fresh, [{ do: "run", phase: "init" }, { do: "find blobs" }, { do: "save" }]);
  assertEquals(resumed.map((action) => action.do), ["load", "judge", "find blobs"]);
  assertEquals(epoch, [{ do: "run", phase: "epoch" }, { do: "judge" }, { do: "save" }]);
  assertEquals(end, [
    { do: "upload" },
    { do: "record", phase: "upload" },
    { do: "run", phase: "exit" },
    { do: "record", phase: "exit" },
  ]);
});

Deno.test("program: nodes and saved blobs follow the params its shape depends on", () => {
  const saved = (count?: number): string[] =>
    compile(shaped, count === undefined ? {} : { params: { workers: count } }).saved
      .map(({ node, blob }) => `${node}/${blob.name}`).sort();
  assertEquals(saved(), ["main/sum", "w_0/part", "w_1/part"]);
  assertEquals(saved(1), ["main/sum", "w_0/part"]);
});

Deno.test("program: params, how often it saves, and what it is judged by", () => {
  const program = compile(shaped, { params: { rate: 2 } });
  assertEquals(program.params, { rate: 2, workers: 2 });
  assertEquals(program.every, { epochs: 2 });
  assertEquals(program.metrics.map(({ key }) => key), ["w_0/part"]);
});

Deno.test("program: unknown and wrong params are named, with what is near or allowed", () => {
  const bad = assertThrows(() => compile(shaped, { params: { rate: -1 } }), JobError);
  for (const part of ['"rate"', "at least 0", "-1"]) assertStringIncludes(bad.message, part);
  const unknown = assertThrows(() => compile(shaped, { params: { rat: 1 } }), JobError);
  for (const part of ['"rat"', "rate"]) assertStringIncludes(unknown.message, part);
});
