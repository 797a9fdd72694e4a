/**
 * Wrong declarations and bodies of tasks, with what the compiler is to say last.
 *
 * @module
 */
import type { WrongProgram } from "./check_programs.ts";

/** Wrong declarations and bodies of tasks. */
export const wrongTasks: readonly WrongProgram[] = [
  {
    what: "a read that is not declared",
    code:
      `export const wrong = task("x", { reads: { rate }, writes: { accuracy } }).run(({ rate, weights }) => ({ accuracy: rate * weights.length }));`,
    says: "Property 'weights' does not exist on type 'Inputs<{ rate: ParamRef<number>; }, None>'.",
  },
  {
    what: "a missing output",
    code:
      `export const wrong = task("x", { writes: { weights, accuracy } }).run(() => ({ weights: new Float32Array(2) }));`,
    says: "Property 'accuracy' is missing",
  },
  {
    what: "a missing output of an async body",
    code:
      `export const wrong = task("x", { writes: { weights, accuracy } }).run(async () => ({ weights: await Promise.resolve(new Float32Array(2)) }));`,
    says: "Property 'accuracy' is missing",
  },
  {
    what: "an extra output",
    code:
      `export const wrong = task("x", { writes: { accuracy } }).run(() => ({ accuracy: 1, loss: 2 }));`,
    says: `Type 'number' is not assignable to type 'NotInWritesOrUpdates<"loss">'.`,
  },
  {
    what: "an extra output of an async body",
    code:
      `export const wrong = task("x", { writes: { accuracy } }).run(async () => { await 0; return { accuracy: 1, loss: 2 }; });`,
    says: `Type 'number' is not assignable to type 'NotInWritesOrUpdates<"loss">'.`,
  },
  {
    what: "a misspelt output",
    code: `export const wrong = task("x", { writes: { accuracy } }).run(() => ({ acuracy: 1 }));`,
    says: `Type 'number' is not assignable to type 'NotInWritesOrUpdates<"acuracy">'.`,
  },
  {
    what: "an output of the wrong type",
    code:
      `export const wrong = task("x", { writes: { accuracy } }).run(() => ({ accuracy: "high" }));`,
    says: "Type 'string' is not assignable to type 'number'.",
  },
  {
    what: "one wrong output among right ones",
    code:
      `export const wrong = task("x", { writes: { accuracy, weights } }).run(() => ({ accuracy: "high", weights: new Float32Array(1) }));`,
    says: "Type 'string' is not assignable to type 'number'.",
  },
  {
    what: "a param used as another type",
    code:
      `export const wrong = task("x", { reads: { rate } }).run(({ rate }, { log }) => log(rate.toUpperCase()));`,
    says: "Property 'toUpperCase' does not exist on type 'number'.",
  },
  {
    what: "a written param",
    code: `export const wrong = task("x", { writes: { rate } }).run(() => ({ rate: 1 }));`,
    says: "Type 'ParamRef<number>' is missing the following properties from type 'AnyBlob'",
  },
  {
    what: "an updated param",
    code: `export const wrong = task("x", { updates: { rate } }).run(() => {});`,
    says: "Type 'ParamRef<number>' is missing the following properties from type 'AnyMutable'",
  },
  {
    what: "a written previous(…)",
    code:
      `export const wrong = task("x", { writes: { last: previous(accuracy) } }).run(() => ({ last: 1 }));`,
    says:
      "Type 'PreviousView<number | undefined>' is missing the following properties from type 'AnyBlob'",
  },
  {
    what: "a written gather(…)",
    code:
      `export const wrong = task("x", { writes: { last: gather(["a"], accuracy) } }).run(() => ({ last: [1] }));`,
    says:
      "Type 'GatherView<readonly number[]>' is missing the following properties from type 'AnyBlob'",
  },
  {
    what: "a forgotten run in after",
    code: `export const wrong = task("x", { after: [draft] }).run(() => {});`,
    says: "Type 'TaskWithoutRun<",
  },
  {
    what: "a number updated in place",
    code: `export const wrong = task("x", { updates: { accuracy } }).run(() => {});`,
    says: "Type 'number' is not assignable to type 'object'.",
  },
  {
    what: "previous(…) without a fallback",
    code:
      `export const wrong = task("x", { reads: { last: previous(accuracy) }, writes: { accuracy } }).run(({ last }) => ({ accuracy: last + 1 }));`,
    says: "'last' is possibly 'undefined'.",
  },
  {
    what: "optional(…) taken as set",
    code:
      `export const wrong = task("x", { reads: { weights: optional(weights) } }).run(({ weights }, { log }) => log(\`\${weights.length}\`));`,
    says: "'weights' is possibly 'undefined'.",
  },
  {
    what: "a timeout in words",
    code: `export const wrong = task("x", { timeout: "10 minutes" }).run(() => {});`,
    says: `'"10 minutes"' is not assignable to type '\`\${number}ms\``,
  },
  {
    what: "a comparison with no choice",
    code:
      `export const wrong = task("x", { reads: { o: param("optimizer", "adam", { choices: ["adam", "sgd"] }) } }).run(({ o }, { log }) => { if (o === "adamm") log("x"); });`,
    says: `the types '"adam" | "sgd"' and '"adamm"' have no overlap`,
  },
  {
    what: "an assignment to an input",
    code:
      `export const wrong = task("x", { reads: { accuracy } }).run((inputs) => { inputs.accuracy = 3; });`,
    says: "Cannot assign to 'accuracy' because it is a read-only property.",
  },
  {
    what: "a misspelt key of a task",
    code: `export const wrong = task("x", { reads: { rate }, write: { accuracy } }).run(() => {});`,
    says:
      "'write' does not exist in type 'Declaration<{ rate: ParamRef<number>; }, None, None>'. Did you mean to write 'writes'?",
  },
  {
    what: "an output of a task that writes nothing",
    code:
      `export const wrong = task("x", { reads: { accuracy } }).run(({ accuracy }) => ({ accuracy }));`,
    says: `Type 'number' is not assignable to type 'NotInWritesOrUpdates<"accuracy">'.`,
  },
  {
    what: "a number from a task that writes nothing",
    code:
      `export const wrong = task("x", { reads: { accuracy } }).run(({ accuracy }) => accuracy + 1);`,
    says: "Type 'number' is not assignable to type 'Outputs<None, None",
  },
  {
    what: "no output at all",
    code: `export const wrong = task("x", { writes: { accuracy } }).run(() => {});`,
    says: "Type 'void' is not assignable to type '(Values<{ accuracy: BlobRef<number>; }>",
  },
  {
    what: "a read that is no token",
    code: `export const wrong = task("x", { reads: { n: 5 } }).run(() => {});`,
    says: "Type 'number' is not assignable to type 'AnyReadable | readonly AnyReadable[]'.",
  },
  {
    what: "a list of outputs of the wrong type",
    code: `
const many = [blob<number>("a"), blob<number>("b")];
export const wrong = task("x", { reads: { many }, writes: { many } }).run(({ many }) => ({ many: many.map(String) }));
`,
    says: "Type 'string' is not assignable to type 'number'.",
  },
  {
    what: "an element of gather(…) taken as there",
    code:
      `export const wrong = task("x", { reads: { all: gather(["a"], accuracy) } }).run(({ all }, { log }) => log(all[0].toFixed()));`,
    says: "Object is possibly 'undefined'.",
  },
  {
    what: "a replacement of the wrong type",
    code: `export const wrong = task("x", { updates: { weights } }).run(() => ({ weights: [1] }));`,
    says: "Type 'number[]' is missing the following properties from type 'Float32Array",
  },
  {
    what: "an extra output beside updates",
    code:
      `export const wrong = task("x", { updates: { weights }, writes: { accuracy } }).run(({ weights }) => ({ accuracy: weights.length, loss: 3 }));`,
    says: `Type 'number' is not assignable to type 'NotInWritesOrUpdates<"loss">'.`,
  },
  {
    what: "if with epochs(…)",
    code: `export const wrong = task("x", { if: epochs(3) }).run(() => {});`,
    says: "Type 'Epochs' is missing the following properties from type 'When'",
  },
  {
    what: "if with a function",
    code: `export const wrong = task("x", { if: () => true }).run(() => {});`,
    says: "Type '() => boolean' is not assignable to type 'When'.",
  },
  {
    what: "retry without attempts",
    code: `export const wrong = task("x", { retry: { delay: "1s" } }).run(() => {});`,
    says: `Property 'attempts' is missing in type '{ delay: "1s"; }' but required in type 'Retry'.`,
  },
  {
    what: "retry as a number",
    code: `export const wrong = task("x", { retry: 3 }).run(() => {});`,
    says: "Type 'number' is not assignable to type 'Retry'.",
  },
  {
    what: "an output missing on one way",
    code:
      `export const wrong = task("x", { writes: { accuracy } }).run(() => { if (Math.sin(1) > 0) return { accuracy: 1 }; return {}; });`,
    says:
      "Property 'accuracy' is optional in type '{ accuracy?: never; }' but required in type 'Values<{ accuracy: BlobRef<number>; }>'.",
  },
  {
    what: "a promise as output",
    code:
      `export const wrong = task("x", { writes: { accuracy } }).run(() => ({ accuracy: Promise.resolve(1) }));`,
    says: "Type 'Promise<number>' is not assignable to type 'number'.",
  },
  {
    what: "an extra output of an async body that updates",
    code:
      `export const wrong = task("x", { updates: { weights } }).run(async () => { await 0; return { loss: 3 }; });`,
    says: `Type 'number' is not assignable to type 'NotInWritesOrUpdates<"loss">'.`,
  },
  {
    what: "an output of the wrong type of an async body",
    code:
      `export const wrong = task("x", { writes: { accuracy } }).run(async () => { await 0; return { accuracy: "high" }; });`,
    says: "Type 'string' is not assignable to type 'number'.",
  },
  {
    what: "a misspelt output of an async body",
    code:
      `export const wrong = task("x", { writes: { accuracy } }).run(async () => { await 0; return { acuracy: 1 }; });`,
    says:
      "Property 'accuracy' is missing in type '{ acuracy: number; }' but required in type 'Values<{ accuracy: BlobRef<number>; }>'.",
  },
  {
    what: "no output of an async body",
    code: `export const wrong = task("x", { writes: { accuracy } }).run(async () => { await 0; });`,
    says: "Type 'void' is not assignable to type 'Values<{ accuracy: BlobRef<number>; }>'.",
  },
  {
    what: "an output of an async body that writes nothing",
    code:
      `export const wrong = task("x", { reads: { accuracy } }).run(async ({ accuracy }) => { await 0; return { accuracy }; });`,
    says: `Type 'number' is not assignable to type 'NotInWritesOrUpdates<"accuracy">'.`,
  },
  {
    what: "an output missing on one way of an async body",
    code:
      `export const wrong = task("x", { writes: { accuracy } }).run(async () => { await 0; if (Math.sin(1) > 0) return { accuracy: 1 }; return {}; });`,
    says:
      "Property 'accuracy' is optional in type '{ accuracy?: never; }' but required in type 'Values<{ accuracy: BlobRef<number>; }>'.",
  },
  {
    what: "nothing returned on one way",
    code:
      `export const wrong = task("x", { writes: { accuracy } }).run(() => { if (Math.sin(1) > 0) return { accuracy: 1 }; return; });`,
    says: "Type 'undefined' is not assignable to type '(Values<{ accuracy: BlobRef<number>; }>",
  },
  {
    what: "a promise as replacement",
    code:
      `export const wrong = task("x", { updates: { weights } }).run((_, { step }) => ({ weights: step("a", () => new Float32Array(1)) }));`,
    says: "Type 'Promise<Float32Array<ArrayBuffer>>' is missing",
  },
  {
    what: "a migration that returns another type",
    code:
      `export const wrong = migration("m", { reads: { old: weights }, writes: { accuracy } }).run(({ old }) => ({ accuracy: old }));`,
    says: "Type 'Float32Array<ArrayBufferLike>' is not assignable to type 'number'.",
  },
  {
    what: "a migration that lacks an output",
    code:
      `export const wrong = migration("m", { reads: {}, writes: { weights, accuracy } }).run(() => ({ weights: new Float32Array(2) }));`,
    says: "Property 'accuracy' is missing",
  },
  {
    what: "a migration that returns what it does not declare",
    code:
      `export const wrong = migration("m", { reads: {}, writes: { accuracy } }).run(() => ({ accuracy: 1, loss: 2 }));`,
    says: `Type 'number' is not assignable to type 'NotInWritesOrUpdates<"loss">'.`,
  },
  {
    what: "a migration without its function",
    code:
      `export const wrong = job("x", { epoch: [start], until: epochs(1), checkpoint: { to: "file:x", migrate: [migration("m", { reads: {}, writes: { accuracy } })] } });`,
    says: "is missing the following properties from type 'Migration'",
  },
];
