/**
 * A model of the attempt protocol, small enough that all its interleavings can be explored.
 *
 * Each step of a runner is one that the store does as a whole; runners may die between any two. The
 * line is computed by the code that computes it in earnest.
 */
import { type AttemptInfo, computeLines, type ManifestRef } from "../../storage/mod.ts";

/** What is left out of the protocol, or done in another order; nothing in the right one. */
export type Weakening =
  | "lists before it creates its attempt"
  | "acknowledges without a look for a newer attempt"
  | "looks before it links"
  | "records its parent before it lists"
  | "goes on saving once it is fenced";

/** How much is explored. */
export interface Bounds {
  /** How many runners there are; each starts once. */
  readonly runners: number;
  /** The last epoch that any of them saves. */
  readonly epochs: number;
}

interface Saved {
  readonly epoch: number;
  readonly attempt: number;
  readonly isAcknowledged: boolean;
}

type Step = "list" | "create" | "choose" | "record" | "link" | "look" | "look first" | "ended";

interface Runner {
  readonly step: Step;
  /** The number it tries to create. */
  readonly next: number;
  readonly attempt: number;
  readonly last: Pick<Saved, "epoch" | "attempt"> | null;
}

interface World {
  readonly attempts: readonly number[];
  readonly parents: Readonly<Record<number, Runner["last"]>>;
  readonly saved: readonly Saved[];
  readonly runners: readonly Runner[];
}

/** What was found. */
export interface Explored {
  /** How many states there are. */
  readonly states: number;
  /** How many steps lead from one to another. */
  readonly steps: number;
  /** How many acknowledged epochs any of them has at most. */
  readonly acknowledged: number;
  /** The steps that lead to an acknowledged epoch that is not on the current line; none where none is lost. */
  readonly loss: readonly string[] | undefined;
}

/** Explores all states, and ends at the first one in which an acknowledged epoch is lost. */
export function explore(bounds: Bounds, weakening?: Weakening): Explored {
  const begin: World = {
    attempts: [],
    parents: {},
    saved: [],
    runners: Array.from({ length: bounds.runners }, () => ({
      step: weakening === "lists before it creates its attempt" ? "choose" : "list",
      ...{ next: 0, attempt: 0, last: null },
    })),
  };
  const seen = new Map<string, { readonly from: string | undefined; readonly by: string }>();
  const keyOf = (world: World): string => JSON.stringify(world);
  const waiting: World[] = [begin];
  seen.set(keyOf(begin), { from: undefined, by: "" });
  let steps = 0;
  let acknowledged = 0;
  for (let world = waiting.pop(); world !== undefined; world = waiting.pop()) {
    const from = keyOf(world);
    for (const [by, to] of nextOf(world, bounds, weakening)) {
      steps++;
      const key = keyOf(to);
      if (seen.has(key)) continue;
      seen.set(key, { from, by });
      acknowledged = Math.max(acknowledged, to.saved.filter((one) => one.isAcknowledged).length);
      if (isLost(to)) return { states: seen.size, steps, acknowledged, loss: pathTo(key, seen) };
      waiting.push(to);
    }
  }
  return { states: seen.size, steps, acknowledged, loss: undefined };
}

function pathTo(
  key: string,
  seen: ReadonlyMap<string, { readonly from: string | undefined; readonly by: string }>,
): readonly string[] {
  const path: string[] = [];
  for (let at = seen.get(key); at !== undefined && at.from !== undefined; at = seen.get(at.from)) {
    path.unshift(at.by);
  }
  return path;
}

/** The current line, as whoever lists the store now would see it. */
function lineOf({ attempts, parents, saved }: World): readonly ManifestRef[] {
  const infos = attempts.map((attempt): AttemptInfo => {
    const parent = parents[attempt];
    const isStarted = parent !== undefined;
    return { attempt, isStarted, parent: parent ? { ...parent, phase: "epoch" } : undefined };
  });
  const refs = saved.map(({ epoch, attempt }): ManifestRef => ({ epoch, attempt, phase: "epoch" }));
  return computeLines(infos, refs).line;
}

function isLost(world: World): boolean {
  const line = lineOf(world);
  return world.saved.some(({ epoch, attempt, isAcknowledged }) =>
    isAcknowledged && !line.some((ref) => ref.epoch === epoch && ref.attempt === attempt)
  );
}

function* nextOf(
  world: World,
  bounds: Bounds,
  weakening: Weakening | undefined,
): Generator<readonly [string, World]> {
  for (const [index, runner] of world.runners.entries()) {
    if (runner.step === "ended") continue;
    const to = (changes: Partial<Runner>, others: Partial<World> = {}): World => ({
      ...world,
      ...others,
      runners: world.runners.with(index, { ...runner, ...changes }),
    });
    const name = `runner ${index + 1}`;
    yield [`${name}: ${runner.step}`, stepOf(world, runner, to, bounds, weakening)];
    yield [`${name} dies before: ${runner.step}`, to({ step: "ended" })];
  }
}

function stepOf(
  world: World,
  runner: Runner,
  to: (changes: Partial<Runner>, others?: Partial<World>) => World,
  { epochs }: Bounds,
  weakening: Weakening | undefined,
): World {
  const { attempts, saved } = world;
  const { attempt, next, last } = runner;
  switch (runner.step) {
    case "list":
      return to({ step: "create", next: Math.max(0, ...attempts) + 1 });
    case "create": {
      if (attempts.includes(next)) return to({ next: next + 1 });
      const step = weakening === "lists before it creates its attempt" ||
          weakening === "records its parent before it lists"
        ? "record"
        : "choose";
      return to({ step, attempt: next }, { attempts: [...attempts, next].sort((a, b) => a - b) });
    }
    case "choose": {
      const tip = lineOf(world).at(-1);
      const chosen = tip === undefined ? null : { epoch: tip.epoch, attempt: tip.attempt };
      const step = attempt === 0
        ? "list"
        : weakening === "records its parent before it lists"
        ? "link"
        : "record";
      return to({ step, last: chosen });
    }
    case "record": {
      const step = weakening === "records its parent before it lists" ? "choose" : "link";
      return to({ step: step === "link" ? firstOf(weakening) : step }, {
        parents: { ...world.parents, [attempt]: last },
      });
    }
    case "look first":
      return attempts.includes(attempt + 1) ? to({ step: "ended" }) : to({ step: "link" });
    case "link": {
      const epoch = (last?.epoch ?? -1) + 1;
      if (epoch > epochs) return to({ step: "ended" });
      const isAcknowledged = weakening === "acknowledges without a look for a newer attempt" ||
        weakening === "looks before it links";
      const isThere = saved.some((one) => one.epoch === epoch && one.attempt === attempt);
      if (isThere) return to({ step: "ended" });
      const one = { epoch, attempt, isAcknowledged };
      const now = { saved: [...saved, one] };
      if (!isAcknowledged) return to({ step: "look" }, now);
      return to({ step: firstOf(weakening), last: { epoch, attempt } }, now);
    }
    case "look": {
      const newest = saved.filter((one) => one.attempt === attempt).at(-1);
      if (newest === undefined) return to({ step: "ended" });
      const isFenced = attempts.includes(attempt + 1);
      if (isFenced && weakening !== "goes on saving once it is fenced") {
        return to({ step: "ended" });
      }
      const index = saved.indexOf(newest);
      const all = saved.with(index, { ...newest, isAcknowledged: true });
      return to({ step: "link", last: { epoch: newest.epoch, attempt } }, { saved: all });
    }
    case "ended":
      return world;
  }
}

function firstOf(weakening: Weakening | undefined): Step {
  return weakening === "looks before it links" ? "look first" : "link";
}
