/**
 * Wrong groups, conditions, plans and jobs, with what the compiler is to say last.
 *
 * @module
 */
import type { WrongProgram } from "./check_programs.ts";

/** Wrong groups, conditions, plans and jobs. */
export const wrongJobs: readonly WrongProgram[] = [
  {
    what: "a forgotten run in a group",
    code: `export const wrong = group(start, draft);`,
    says: "Type 'TaskWithoutRun<",
  },
  {
    what: "a forgotten run in a job",
    code: `export const wrong = job("x", { epoch: [draft], until: epochs(1), checkpoint });`,
    says: "Type 'TaskWithoutRun<",
  },
  {
    what: "a forgotten run in on(…)",
    code: `export const wrong = on("a", draft);`,
    says: "Type 'TaskWithoutRun<",
  },
  {
    what: "a setting of the wrong type",
    code: `export const wrong = set(rate, "0.1");`,
    says: "Argument of type 'string' is not assignable to parameter of type 'number'.",
  },
  {
    what: "a setting for a blob",
    code: `export const wrong = set(accuracy, 1);`,
    says:
      "Type 'BlobRef<number>' is missing the following properties from type 'ParamRef<ParamValue>'",
  },
  {
    what: "a plateau of an array",
    code: `export const wrong = plateau({ max: weights }, { epochs: 3 });`,
    says: "Type 'Float32Array<ArrayBufferLike>' is not assignable to type 'number'.",
  },
  {
    what: "keepBest by an array",
    code: `export const wrong = keepBest({ min: weights });`,
    says: "Type 'Float32Array<ArrayBufferLike>' is not assignable to type 'number'.",
  },
  {
    what: "keepBest without a direction",
    code: `export const wrong = keepBest(accuracy);`,
    says: "Argument of type 'BlobRef<number>' is not assignable to parameter of type 'By'.",
  },
  {
    what: "saved(…) by an array",
    code: `export const wrong = saved(weights, { max: weights });`,
    says: "Type 'Float32Array<ArrayBufferLike>' is not assignable to type 'number'.",
  },
  {
    what: "saved(…) without a direction",
    code: `export const wrong = saved(weights, accuracy);`,
    says: "Argument of type 'BlobRef<number>' is not assignable to parameter of type 'By'.",
  },
  {
    what: "a fallback of the wrong type",
    code: `export const wrong = previous(accuracy, "0");`,
    says: "Argument of type 'string' is not assignable to parameter of type 'number'.",
  },
  {
    what: "an empty keep",
    code:
      `export const wrong = job("x", { epoch: [start], until: epochs(1), checkpoint: { to: "file:x", keep: [] } });`,
    says: "Source has 0 element(s) but target requires 1.",
  },
  {
    what: "no until",
    code: `export const wrong = job("x", { epoch: [start], checkpoint });`,
    says: "Property 'until' is missing",
  },
  {
    what: "an empty until",
    code: `export const wrong = job("x", { epoch: [start], until: [], checkpoint });`,
    says: "Source has 0 element(s) but target requires 1.",
  },
  {
    what: "no checkpoint plan",
    code: `export const wrong = job("x", { epoch: [start], until: epochs(1) });`,
    says: "Property 'checkpoint' is missing",
  },
  {
    what: "no epoch group",
    code: `export const wrong = job("x", { until: epochs(1), checkpoint });`,
    says: "Property 'epoch' is missing",
  },
  {
    what: "an elapsed time in words",
    code: `export const wrong = elapsed("2 hours");`,
    says: `'"2 hours"' is not assignable to parameter of type '\`\${number}ms\``,
  },
  {
    what: "a default that is no choice",
    code: `export const wrong = param("optimizer", "adamm", { choices: ["adam", "sgd"] });`,
    says: `Argument of type '"adamm"' is not assignable to parameter of type '"adam" | "sgd"'.`,
  },
  {
    what: "an unknown key of a job",
    code:
      `export const wrong = job("x", { epoch: [start], until: epochs(1), checkpoint, finally: [start] });`,
    says: "'finally' does not exist in type 'JobOptions'.",
  },
  {
    what: "a misspelt key of a plan",
    code:
      `export const wrong = job("x", { epoch: [start], until: epochs(1), checkpoint: { to: "file:x", keeps: [keepLast(2)] } });`,
    says: "'keeps' does not exist in type 'CheckpointPlan'. Did you mean to write 'keep'?",
  },
  {
    what: "a predicate on the wrong type",
    code: `export const wrong = when(accuracy, (a) => a.length > 1);`,
    says: "Property 'length' does not exist on type 'number'.",
  },
  {
    what: "a predicate on what it does not read",
    code: `export const wrong = when({ accuracy, rate }, ({ accuracy, loss }) => accuracy > loss);`,
    says:
      "Property 'loss' does not exist on type '{ readonly accuracy: number; readonly rate: number; }'.",
  },
  {
    what: "a predicate that gives no boolean",
    code: `export const wrong = when(accuracy, (a) => a);`,
    says: "Type 'number' is not assignable to type 'boolean'.",
  },
  {
    what: "epochs of a string param",
    code: `export const wrong = epochs(param("n", "x"));`,
    says: "Type 'string' is not assignable to type 'number'.",
  },
  {
    what: "drained(…) of a blob",
    code: `export const wrong = drained(accuracy);`,
    says:
      "Type 'BlobRef<number>' is missing the following properties from type 'CursorRef<unknown>'",
  },
  {
    what: "a blob as until",
    code: `export const wrong = job("x", { epoch: [start], until: accuracy, checkpoint });`,
    says: "Type 'BlobRef<number>' is missing the following properties from type 'Combined'",
  },
  {
    what: "a function as until",
    code: `export const wrong = job("x", { epoch: [start], until: () => true, checkpoint });`,
    says:
      "Type '() => boolean' is not assignable to type 'Condition | readonly [Condition, ...Condition[]]'.",
  },
  {
    what: "a forgotten run in a nested group",
    code: `export const wrong = sequence(start, parallel(draft));`,
    says: "Type 'TaskWithoutRun<",
  },
  {
    what: "a shape that reads an unknown param",
    code:
      `export const wrong = job("x", { workers: param("workers", 4) }, ({ worker }) => ({ epoch: [start], until: epochs(worker), checkpoint }));`,
    says: "Property 'worker' does not exist on type 'Inputs<{ workers: ParamRef<number>; }>'.",
  },
];
