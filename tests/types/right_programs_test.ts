/**
 * Programs that must compile: `deno check` is the test, and that they also build is the rest of it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  all,
  any,
  blob,
  type BlobRef,
  codec,
  cursor,
  drained,
  elapsed,
  epochs,
  from,
  gather,
  group,
  job,
  keepBest,
  keepEvery,
  keepLast,
  keepWithin,
  keepYounger,
  nodes,
  not,
  on,
  optional,
  parallel,
  param,
  plateau,
  prefix,
  previous,
  repeat,
  replicate,
  resource,
  saved,
  sequence,
  set,
  task,
  when,
} from "../../dsl/mod.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true
  : false;
const is = <T extends true>(_: T): void => {};

interface Layer {
  readonly shape: readonly [number, number];
  values: Float32Array;
  bias?: Float32Array;
}
interface Tree {
  value: number;
  children: Tree[];
}
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Shape = { kind: "circle"; radius: number } | { kind: "square"; side: number };
type Brand = string & { readonly brand: "user" };
enum Level {
  Low,
  High,
}

const layers = blob<Layer[]>("layers", { initial: () => [] });
const loss = blob<number>("loss");
const checkpoint = { to: "file:checkpoints" };

Deno.test("plain types of all kinds are blobs", () => {
  const made: readonly { readonly name: string }[] = [
    blob<Tree>("tree"),
    blob<Json>("json"),
    blob<Shape>("union"),
    blob<[number, string, ...boolean[]]>("tuple"),
    blob<readonly string[]>("readonly-list"),
    blob<ReadonlyMap<string, ReadonlySet<bigint>>>("readonly-map"),
    blob<Map<string, Layer>>("map-of-objects"),
    blob<Map<number, Map<string, Tree[]>>>("map-of-maps"),
    blob<{ at: Date; parent?: number | undefined; note?: string }>("optional-properties"),
    blob<Record<string, Float64Array | DataView | ArrayBuffer>>("record"),
    blob<Level>("enum"),
    blob<Brand>("brand"),
    blob<"a" | "b" | undefined>("literals"),
    blob<Float16Array | Uint8ClampedArray | BigUint64Array>("arrays"),
    blob<number | null>("nullable"),
    blob<{ readonly deep: { readonly list: readonly { readonly at: number }[] } }>("deep"),
  ];
  assertEquals(new Set(made.map(({ name }) => name)).size, made.length);
});

Deno.test("the types of a blob follow its initial value, and those of its codec", () => {
  class Counter {
    #count = 0;
    add(): number {
      return ++this.#count;
    }
  }
  const inferred = blob("inferred", { initial: () => new Map<string, number>() });
  is<Same<typeof inferred, BlobRef<Map<string, number>>>>(true);
  const counter = blob("counter", {
    codec: codec({
      encode: async (value: Counter) => ({ count: await Promise.resolve(value.add()) }),
      decode: ({ count }) => {
        is<Same<typeof count, number>>(true);
        return new Counter();
      },
      dispose: (value) => void value.add(),
    }),
  });
  is<Same<typeof counter, BlobRef<Counter>>>(true);
  task("count", { updates: { counter } }).run(({ counter }) => void counter.add());
});

Deno.test("bodies are sync or async, and return what they write, on every way", () => {
  const other = blob<string>("other");
  const both = { writes: { loss, other } };
  const bodies = [
    task("sync", both).run(() => ({ loss: 1, other: "a" })),
    task("async", both).run(async (_, { signal }) => {
      await Promise.resolve(signal);
      return { loss: 1, other: "a" };
    }),
    task("promise", both).run(() => Promise.resolve({ loss: 1, other: "a" })),
    task("conditional", both).run((_, { epoch }) => {
      if (epoch > 3) return { loss: 0, other: "late" };
      return epoch === 1 ? { loss: 1, other: "first" } : { loss: 2, other: "early" };
    }),
    task("throws", both).run(() => {
      throw new Error("never");
    }),
    task("nothing").run(() => {}),
    task("nothing-async").run(async () => await Promise.resolve()),
    task("early", { reads: { loss } }).run(({ loss }, { log }) => {
      if (loss > 3) return;
      log("low");
    }),
    task("step").run((_, { step }) => step("effect", () => {})),
  ];
  assertEquals(bodies.length, 9);
});

Deno.test("an update may be returned, or not, or on one way", () => {
  const tree = blob<Tree>("tree");
  const updates = { updates: { layers, tree }, writes: { loss } };
  task("kept", updates).run(({ layers }) => ({ loss: layers.push() }));
  task("replaced", updates).run(() => ({ loss: 0, layers: [] }));
  task("either", updates).run(({ tree }, { epoch }) =>
    epoch > 1 ? { loss: 0, tree } : { loss: 0, layers: [], tree: { value: 1, children: [tree] } }
  );
  task("alone", { updates: { layers } }).run(({ layers }) => void layers.reverse());
  task("alone-replaced", { updates: { layers } }).run(async ({ layers }) => {
    await Promise.resolve();
    return { layers: layers.toReversed() };
  });
});

Deno.test("what is returned takes its types from what is written", () => {
  const pair = blob<[number, string]>("pair");
  const shape = blob<Shape>("shape");
  const seen = blob<Set<string>>("seen");
  task("contextual", { writes: { pair, shape, seen } })
    .run(() => ({ pair: [1, "a"], shape: { kind: "circle", radius: 1 }, seen: new Set() }));
});

Deno.test("every way to read has its type", () => {
  const rate = param("rate", 0.1);
  const model = param("model", "small", { choices: ["small", "large"] });
  const fast = param("fast", false);
  const rows = resource("rows", {
    reads: { model },
    open: ({ model }) => [model.length],
    stamp: (rows) => ({ rows: rows.length }),
  });
  const slice = cursor("slice", { over: rows, take: param("take", 3), shuffle: true, wrap: true });
  const losses = [loss, blob<number>("other-loss")];
  task("reader", {
    reads: {
      rate,
      model,
      fast,
      rows,
      slice,
      losses,
      now: loss,
      last: previous(loss),
      lastOr: previous(loss, 0),
      maybe: optional(layers),
      theirs: from("other", loss),
      every: gather(nodes("worker", 2), loss),
      best: saved(layers, { min: loss }),
      mixed: [rate, previous(layers), loss] as const,
    },
  }).run((inputs) => {
    is<Same<typeof inputs.rate, number>>(true);
    is<Same<typeof inputs.model, "small" | "large">>(true);
    is<Same<typeof inputs.fast, boolean>>(true);
    is<Same<typeof inputs.rows, number[]>>(true);
    is<Same<typeof inputs.slice.items, readonly number[]>>(true);
    is<Same<typeof inputs.losses, number[]>>(true);
    is<Same<typeof inputs.last, number | undefined>>(true);
    is<Same<typeof inputs.lastOr, number>>(true);
    is<Same<typeof inputs.maybe, Layer[] | undefined>>(true);
    is<Same<typeof inputs.theirs, number>>(true);
    is<Same<typeof inputs.every, readonly number[]>>(true);
    is<Same<typeof inputs.best, Layer[]>>(true);
    is<Same<typeof inputs.mixed, readonly [number, Layer[] | undefined, number]>>(true);
  });
  assertEquals(set(model, "large").value, "large");
});

Deno.test("a template keeps its types under prefix", () => {
  function counter() {
    const count = blob("count", { initial: () => 0 });
    const add = task("add", { reads: { count }, writes: { count } })
      .run(({ count }) => ({ count: count + 1 }));
    return { count, add, list: [count] as const };
  }
  const left = prefix("left", counter());
  is<Same<typeof left.count, BlobRef<number>>>(true);
  const sum = task("sum", { reads: { all: [left.count, prefix("right", counter()).count] } })
    .run(({ all }) => void all.map((count) => count.toFixed()));
  assertEquals(sum.name, "sum");
});

Deno.test("a derived blob has the type that is named, or its codec's", () => {
  class Model {
    constructor(readonly weights: Float32Array) {}
    fit(): number {
      return this.weights.length;
    }
  }
  const images = blob<Uint8Array>("images", { derived: true });
  const model = blob("model", {
    derived: true,
    codec: codec({ encode: (m: Model) => m.weights, decode: (weights) => new Model(weights) }),
  });
  is<Same<typeof images, BlobRef<Uint8Array>>>(true);
  is<Same<typeof model, BlobRef<Model>>>(true);
  assertEquals([images.derived, model.derived, blob<number>("plain").derived], [true, true, false]);
});

Deno.test("a job of all kinds of group, condition and rule is built", () => {
  const total = blob("total", { initial: () => 0 });
  const items = blob<readonly number[]>("items", { immutable: true });
  const next = cursor("next", { over: items, take: 2 });
  const goal = param("goal", 10, { min: 1, max: 100, integer: true });
  const start = task("start", { writes: { items } }).run(() => ({ items: [1, 2, 3] }));
  const add = task("add", {
    reads: { next, total },
    writes: { total },
    retry: { attempts: 3, delay: "1s", maxDelay: "1m", restore: false, if: () => true },
    timeout: "1.5h",
  }).run(({ next, total }) => ({ total: next.items.reduce((sum, item) => sum + item, total) }));
  const log = (name: string) =>
    task(name, { reads: { total }, if: when(total, (total) => total > 0), after: [add] })
      .run(({ total }, { log }) => log(`${total}`));
  const copies = replicate(
    nodes("worker", 2),
    task("work", { writes: { part: blob<number>("part") } }).run((_, { replica }) => ({
      part: replica.index,
    })),
  );
  const built = job("all", { goal }, ({ goal }) => ({
    init: [start],
    epoch: [
      group(
        { if: when({ total, goal: param("limit", goal) }, (now) => now.total < now.goal) },
        add,
      ),
      sequence(parallel(log("a"), log("b")), repeat(2, log("c"))),
      copies,
      on("other", task("quiet").run(() => {})),
    ],
    until: [
      any(drained(next), all(epochs(goal), not(when(total, (total) => total < goal)))),
      plateau({ max: total }, { epochs: 2, minDelta: 1 }),
      elapsed("2h"),
    ],
    checkpoint: {
      ...checkpoint,
      every: "10m",
      keep: [
        keepLast(2),
        keepEvery(10),
        keepBest({ max: total }, 2),
        keepYounger("7d"),
        keepEvery("6h"),
        keepWithin("20 GiB"),
      ],
      blobs: { exclude: [] },
      grain: "epoch",
      durability: "power",
      check: "reads",
      onSaveError: "retry",
      onDamaged: "stop",
    },
  }));
  assertEquals(built.name, "all");
});
