/**
 * Random groups, and two ways to run them: by the list, and by a layout's steps in some order.
 *
 * A task is a pure function: what it writes is a number made from its name, its node and all it read.
 *
 * @module
 */
import fc from "fast-check";
import { isToken } from "../../dsl/access.ts";
import type { PlacedStep } from "../../dsl/layout.ts";
import {
  type AnyReadable,
  type AnyTask,
  blob,
  type BlobRef,
  from,
  gather,
  group,
  on,
  optional,
  parallel,
  previous,
  repeat,
  replicate,
  sequence,
  type Step,
  task,
  type When,
  when,
} from "../../dsl/mod.ts";

const NODES = ["main", "other"];
const BLOBS: readonly BlobRef<number[]>[] = ["a", "b", "c", "d", "e"]
  .map((name) => blob<number[]>(name));

interface TaskSpec {
  readonly kind: "task";
  readonly reads: readonly (readonly [blob: number, how: number])[];
  readonly updates: readonly number[];
  readonly writes: readonly number[];
  readonly if: number | undefined;
}

interface GroupSpec {
  readonly kind: "group" | "sequence" | "parallel" | "repeat" | "on" | "replicate" | "if";
  readonly number: number;
  readonly steps: readonly Spec[];
}

/** What a step is built from. */
export type Spec = TaskSpec | GroupSpec;

const some = (most: number) => fc.uniqueArray(fc.nat(BLOBS.length - 1), { maxLength: most });
const { spec } = fc.letrec<{ spec: Spec }>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    {
      weight: 3,
      arbitrary: fc.record<TaskSpec>({
        kind: fc.constant("task"),
        reads: fc.array(fc.tuple(fc.nat(BLOBS.length - 1), fc.nat(7)), { maxLength: 2 }),
        updates: some(1),
        writes: some(1),
        if: fc.option(fc.nat(BLOBS.length - 1), { nil: undefined, freq: 4 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record<GroupSpec>({
        kind: fc.constantFrom("group", "sequence", "parallel", "repeat", "on", "replicate", "if"),
        number: fc.nat(BLOBS.length - 1),
        steps: fc.array(tie("spec"), { maxLength: 4 }),
      }),
    },
  ),
}));

/** A list of steps, each a task or a group. */
export const specs: fc.Arbitrary<readonly Spec[]> = fc.array(spec, { minLength: 1, maxLength: 6 });

/** Builds steps with tasks of different names; `parallel` stands for `group` unless asked for. */
export function buildStep(options: { readonly isParallel?: boolean } = {}): (spec: Spec) => Step {
  let tasks = 0;
  const build = (spec: Spec): Step => {
    if (spec.kind === "task") return buildTask(spec, `t${tasks++}`);
    const steps = spec.steps.map(build);
    switch (spec.kind) {
      case "sequence":
        return sequence(...steps);
      case "parallel":
        return options.isParallel ? parallel(...steps) : group(...steps);
      case "repeat":
        return repeat(spec.number % 3, ...steps);
      case "on":
        return on(NODES[spec.number % 2] ?? "", ...steps);
      case "replicate":
        return replicate(NODES, ...steps);
      case "if":
        return group({ if: isEven(spec.number) }, ...steps);
      case "group":
        return group(...steps);
    }
  };
  return build;
}

function isEven(index: number): When {
  return when(optional(blobAt(index)), (value) => (value?.[0] ?? 0) % 2 === 0);
}

function buildTask(spec: TaskSpec, name: string): AnyTask {
  const reads = spec.reads.map(([index, how], at): [string, AnyReadable] => {
    const blob = blobAt(index);
    const ways: readonly AnyReadable[] = [
      ...[blob, blob, blob, optional(blob), previous(blob)],
      ...[from("main", blob), from("other", blob), gather(NODES, blob)],
    ];
    return [`read${at}`, ways[how] ?? blob];
  });
  const writes = spec.writes.filter((index) => !spec.updates.includes(index));
  return task(name, {
    reads: Object.fromEntries(reads),
    updates: Object.fromEntries(spec.updates.map((index) => [`update${index}`, blobAt(index)])),
    writes: Object.fromEntries(writes.map((index) => [`write${index}`, blobAt(index)])),
    ...spec.if === undefined ? {} : { if: isEven(spec.if) },
  }).run(() => Object.fromEntries(writes.map((index) => [`write${index}`, []])));
}

function blobAt(index: number): BlobRef<number[]> {
  const found = BLOBS[index];
  if (found === undefined) throw new Error(`no blob ${index}`);
  return found;
}

type Workspaces = Map<string, number>;

/** Runs steps one after another as they are listed; the blobs of all nodes at the end. */
export function runInListOrder(steps: readonly Step[]): Record<string, number> {
  const now: Workspaces = new Map();
  const run = (step: Step, node: string): void => {
    if (step.kind === "task") return runTask(step, node, now);
    for (const place of step.nodes ?? [node]) {
      if (step.if !== undefined && !holds(step.if, place, now)) continue;
      const times = step.times === undefined ? 1 : Number(step.times);
      for (let turn = 0; turn < times; turn++) step.steps.forEach((inner) => run(inner, place));
    }
  };
  steps.forEach((step) => run(step, "main"));
  return Object.fromEntries([...now].toSorted());
}

/** Runs a layout's steps in the order given; the blobs of all nodes at the end. */
export function runInOrder(steps: readonly PlacedStep[]): Record<string, number> {
  const now: Workspaces = new Map();
  const closed = new Set<number>();
  for (const { index, node, task, condition, gates } of steps) {
    if (gates.some((gate) => closed.has(gate))) closed.add(index);
    else if (condition !== undefined && !holds(condition, node, now)) closed.add(index);
    else if (task !== undefined) runTask(task, node, now);
  }
  return Object.fromEntries([...now].toSorted());
}

function runTask(task: AnyTask, node: string, now: Workspaces): void {
  const { reads, updates, writes } = task.declaration;
  const condition = task.declaration.if;
  if (condition !== undefined && !holds(condition, node, now)) return;
  const inputs = [reads, updates].flatMap((part) => Object.values(part).flat())
    .map((token) => valueOf(token as AnyReadable, node, now));
  const result = hash(JSON.stringify([task.name, node, inputs]));
  for (const blob of [...Object.values(updates), ...Object.values(writes)].flat()) {
    now.set(`${node}/${blob.name}`, hash(`${result} ${blob.name}`));
  }
}

function valueOf(token: AnyReadable, node: string, now: Workspaces): unknown {
  const at = (place: string, name: string): number | null => now.get(`${place}/${name}`) ?? null;
  switch (token.kind) {
    case "blob":
      return at(node, token.name);
    case "optional":
      return at(node, token.blob.name);
    case "from":
      return at(token.node, token.blob.name);
    case "gather":
      return token.nodes.map((place) => at(place, token.blob.name));
    default:
      return "before";
  }
}

function holds(condition: When, node: string, now: Workspaces): boolean {
  if (!isToken(condition.reads)) throw new Error("one token is read");
  const value = valueOf(condition.reads, node, now);
  return condition.holds((value === null ? undefined : [value]) as never);
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return sum;
}
