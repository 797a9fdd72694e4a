import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  blob,
  type BlobRef,
  from,
  gather,
  group,
  on,
  optional,
  previous,
  repeat,
  sequence,
  type Step,
  task,
  when,
} from "../../../dsl/mod.ts";
import { layOut } from "../../../dsl/layout.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";

/**
 * The law: whatever runs at once, the result equals that of the tasks one by one in list order. The
 * other side of the comparison is an interpreter of a few lines over plain maps, which knows nothing
 * of the scheduler.
 */

const NODES = ["n0", "n1"];
const NAMES = ["a", "b", "c", "d"];
type Value = number[];
const BLOBS: readonly BlobRef<Value>[] = NAMES.map((name) => blob<Value>(name));
const blobAt = (index: number): BlobRef<Value> => {
  const found = BLOBS[index];
  if (found === undefined) throw new Error(`no blob ${index}`);
  return found;
};

interface TaskSpec {
  readonly kind: "task";
  readonly yields: number;
  readonly reads: readonly number[];
  readonly previous: readonly number[];
  readonly from: { readonly node: number; readonly blob: number } | undefined;
  readonly gather: number | undefined;
  readonly updates: readonly number[];
  readonly writes: readonly number[];
  /** Runs only where this blob's sum is even. */
  readonly if: number | undefined;
}
interface GroupSpec {
  readonly kind: "group" | "sequence" | "repeat" | "on" | "if";
  readonly number: number;
  readonly steps: readonly Spec[];
}
type Spec = TaskSpec | GroupSpec;

const some = fc.uniqueArray(fc.nat(NAMES.length - 1), { maxLength: 2 });
const maybe = fc.option(fc.nat(NAMES.length - 1), { nil: undefined, freq: 3 });
const taskSpec: fc.Arbitrary<TaskSpec> = fc.record({
  kind: fc.constant("task" as const),
  yields: fc.nat(3),
  reads: some,
  previous: fc.uniqueArray(fc.nat(NAMES.length - 1), { maxLength: 1 }),
  from: fc.option(fc.record({ node: fc.nat(1), blob: fc.nat(NAMES.length - 1) }), {
    nil: undefined,
    freq: 2,
  }),
  gather: fc.option(fc.nat(NAMES.length - 1), { nil: undefined, freq: 4 }),
  updates: some,
  writes: some,
  if: maybe,
}).map((spec) => ({
  ...spec,
  writes: spec.writes.filter((index) => !spec.updates.includes(index)),
}));
const { spec: anySpec } = fc.letrec<{ spec: Spec; group: GroupSpec }>((tie) => ({
  spec: fc.oneof({ maxDepth: 2, depthIdentifier: "d" }, taskSpec, taskSpec, tie("group")),
  group: fc.record({
    kind: fc.constantFrom("group", "sequence", "repeat", "on", "if"),
    number: fc.nat(3),
    steps: fc.array(tie("spec"), { minLength: 1, maxLength: 3, depthIdentifier: "d" }),
  }),
}));

const sum = (values: readonly number[]): number => values.reduce((a, b) => (a + b) % 9973, 0);
const isEven = (value: readonly number[]): boolean => sum(value) % 2 === 0;
const nodeOf = (index: number): string => NODES[index] ?? "n0";

/** What a task does to what it read: the same for both sides. */
function effect(
  id: number,
  inputs: readonly (readonly number[])[],
): { readonly added: number; readonly written: Value } {
  const total = inputs.reduce(
    (all, input, place) => (all * 31 + sum(input) + place) % 9973,
    id + 1,
  );
  return { added: total, written: [total % 100, inputs.length] };
}

/** Builds the steps for a session; `next` numbers the tasks. */
function build(spec: Spec, next: { id: number }): Step {
  if (spec.kind !== "task") {
    const steps = spec.steps.map((inner) => build(inner, next));
    switch (spec.kind) {
      case "group":
        return group(...steps);
      case "sequence":
        return sequence(...steps);
      case "repeat":
        return repeat(1 + spec.number % 2, ...steps);
      case "on":
        return on(nodeOf(spec.number % 2), ...steps);
      case "if":
        return group({ if: when(blobAt(spec.number), isEven) }, ...steps);
    }
  }
  const id = next.id++;
  const condition = spec.if === undefined ? {} : { if: when(blobAt(spec.if), isEven) };
  return task(`t${id}`, {
    ...condition,
    reads: {
      reads: spec.reads.map((index) => optional(blobAt(index))),
      previous: spec.previous.map((index) => previous(blobAt(index), [7])),
      from: spec.from === undefined ? [] : [from(nodeOf(spec.from.node), blobAt(spec.from.blob))],
      gather: spec.gather === undefined ? [] : [gather(NODES, blobAt(spec.gather))],
    },
    updates: { updates: spec.updates.map(blobAt) },
    writes: { writes: spec.writes.map(blobAt) },
  }).run(async (inputs, { try: number }) => {
    // Read and copy at the start: what is read must not change while the task runs.
    const read = [...inputs.reads, ...inputs.previous, ...inputs.from, ...inputs.gather.flat()]
      .map((value) => value ?? []);
    for (let turn = 0; turn < spec.yields; turn++) await new Promise((r) => void setTimeout(r, 0));
    const { added, written } = effect(id + number - 1, [...read, ...inputs.updates]);
    for (const value of inputs.updates) {
      await Promise.resolve();
      value.push(added);
    }
    return { writes: spec.writes.map(() => [...written]) };
  });
}

type State = Map<string, Value>;

/** Runs the same, one by one. */
function interpret(
  spec: Spec,
  node: string,
  state: State,
  before: State,
  next: { id: number },
): void {
  const at = (index: number, where = node): Value => state.get(`${where}/${NAMES[index]}`) ?? [];
  if (spec.kind !== "task") {
    const isOpen = spec.kind !== "if" || isEven(at(spec.number));
    const times = spec.kind === "repeat" ? 1 + spec.number % 2 : 1;
    const where = spec.kind === "on" ? nodeOf(spec.number % 2) : node;
    const first = next.id;
    for (let turn = 0; turn < times; turn++) {
      next.id = first;
      for (const inner of spec.steps) {
        if (isOpen) interpret(inner, where, state, before, next);
        else count(inner, next);
      }
    }
    return;
  }
  const id = next.id++;
  if (spec.if !== undefined && !isEven(at(spec.if))) return;
  const read = [
    ...spec.reads.map((index) => at(index)),
    ...spec.previous.map((index) => before.get(`${node}/${NAMES[index]}`) ?? [7]),
    ...spec.from === undefined ? [] : [at(spec.from.blob, nodeOf(spec.from.node))],
    ...spec.gather === undefined ? [] : NODES.map((where) => at(spec.gather ?? 0, where)),
  ];
  const { added, written } = effect(id, [...read, ...spec.updates.map((index) => at(index))]);
  for (const index of spec.updates) state.set(`${node}/${NAMES[index]}`, [...at(index), added]);
  for (const index of spec.writes) state.set(`${node}/${NAMES[index]}`, [...written]);
}

function count(spec: Spec, next: { id: number }): void {
  if (spec.kind === "task") next.id++;
  else for (const inner of spec.steps) count(inner, next);
}

const initial = fc.array(fc.array(fc.nat(50), { maxLength: 2 }), {
  minLength: NODES.length * NAMES.length,
  maxLength: NODES.length * NAMES.length,
});

Deno.test("run_group: any group ends as its tasks run one by one in list order would", async () => {
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anySpec, { minLength: 1, maxLength: 5 }),
      initial,
      fc.constantFrom(1, 2, Infinity),
      async (specs, values, concurrency) => {
        const ids = { id: 0 };
        const whole = on("n0", group(...specs.map((spec) => build(spec, ids))));
        // A task may stand in a repeat or on both nodes, but a cycle cannot come of list order.
        assertEquals(layOut([whole], {}).problems, []);
        await using session = new LocalSession({ concurrency });
        const state: State = new Map();
        for (const [n, node] of NODES.entries()) {
          for (const [b, ref] of BLOBS.entries()) {
            const value = values[n * NAMES.length + b] ?? [];
            state.set(`${node}/${ref.name}`, [...value]);
            await session.feed(ref, value, { node });
          }
        }
        const before = new Map([...state].map(([key, value]) => [key, [...value]]));
        const next = { id: 0 };
        for (const spec of specs) interpret(spec, "n0", state, before, next);
        await session.run(whole);
        for (const node of NODES) {
          for (const ref of BLOBS) {
            const key = `${node}/${ref.name}`;
            assertEquals(await session.fetch(ref, { node }), state.get(key), key);
          }
        }
        ran++;
      },
    ),
    { numRuns: 150, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false },
  );
  assertEquals(ran > 20, true, `only ${ran} groups were tried`);
});
