/**
 * The jobs zoo: small jobs of different shapes, which must be resumable, and some that must not be
 * taken for it.
 */

import type { Job, ParamValue, Uploader } from "tidemark";

/** A job of the zoo. */
interface Animal {
  /** Loads its module. */
  readonly load: () => Promise<{ readonly default: Job; readonly uploader?: Uploader }>;
  /** The params of a fresh start; none has its default value, so that a resume must restore them. */
  readonly params?: Readonly<Record<string, ParamValue>>;
  /** Whether an epoch is saved while the next one runs, however small the save is. */
  readonly isSavedAside?: boolean;
}

/** The jobs that are resumable. */
const zoo = {
  "zoo/best_epoch": { load: () => import("./jobs/best_epoch.ts") },
  "zoo/bisect": {
    load: () => import("./jobs/bisect.ts"),
    params: { tolerance: 0.1, mode: "fast" },
  },
  "zoo/codecs": { load: () => import("./jobs/codecs.ts") },
  "zoo/conditional": { load: () => import("./jobs/conditional.ts") },
  "zoo/derived": { load: () => import("./jobs/derived.ts"), params: { size: 300 } },
  "zoo/effects": { load: () => import("./jobs/effects.ts") },
  "zoo/fan_out": { load: () => import("./jobs/fan_out.ts") },
  "zoo/in_order": { load: () => import("./jobs/in_order.ts"), params: { "per-epoch": 5 } },
  "zoo/k_means": { load: () => import("./jobs/k_means.ts") },
  "zoo/nested_repeat": { load: () => import("./jobs/nested_repeat.ts"), params: { turns: 3 } },
  "zoo/phases": { load: () => import("./jobs/phases.ts") },
  "zoo/resources": { load: () => import("./jobs/resources.ts"), params: { size: 40 } },
  "zoo/retries": { load: () => import("./jobs/retries.ts"), isSavedAside: true },
  "zoo/seldom": { load: () => import("./jobs/seldom.ts"), isSavedAside: true },
  "zoo/shuffled": { load: () => import("./jobs/shuffled.ts") },
  "zoo/sleeps": { load: () => import("./jobs/sleeps.ts") },
  "zoo/sweep": {
    load: () => import("./jobs/sweep.ts"),
    params: { trials: 4, start: 3, "trial-3.rate": 0.3 },
  },
  "zoo/values": { load: () => import("./jobs/values.ts"), isSavedAside: true },
  "zoo/views": { load: () => import("./jobs/views.ts") },
} as const satisfies Readonly<Record<string, Animal>>;

/** The name of a job that is resumable. */
export type ZooName = keyof typeof zoo;

/** The names of the jobs that are resumable. */
export const zooNames = Object.keys(zoo) as ZooName[];

/** The jobs that are not resumable, with what the drill must say of each. */
export const badJobs = {
  bad_clock: [
    "though nobody kills it",
    'in blob "weights" of node "main" at [0]',
    'Task "learn" writes it. Likely cause: it calls Date.now, performance.now',
    "Instead of Date.now, take await context.now(), or a param",
  ],
  bad_derived: [
    "does not end with the same values when it is run twice, though nobody kills it",
    'They first differ after init, in blob "table" of node "main": SHA-256 ',
    'Task "fill" writes it. Likely cause: it calls Math.random',
    "Instead of Math.random, take context.rng(name)",
  ],
  bad_network: [
    "does not end with the same values when it is run twice, though nobody kills it",
    'in blob "names" of node "main"',
    'Task "ask" writes it. Likely cause: it calls crypto.randomUUID, fetch',
    "Instead of crypto.randomUUID, take context.idempotencyKey, or context.rng(name)",
    "Keep what fetch answers in a blob",
  ],
  bad_piece: [
    "does not end as one that nobody kills",
    'in blob "seen" of node "main"',
    'Task "collect" writes it. Likely cause: one of its steps or pieces changes something beside its result',
  ],
  bad_random: [
    "does not end with the same values when it is run twice, though nobody kills it",
    'They first differ after epoch 1, in blob "place" of node "main"',
    'Task "walk" writes it. Likely cause: it calls Math.random',
    "Instead of Math.random, take context.rng(name)",
  ],
  bad_variable: [
    "does not end as one that nobody kills",
    'in blob "place" of node "main"',
    'Task "slide" writes it. Likely cause: it keeps something from one epoch to the next outside blobs',
  ],
  bad_undeclared: [
    "fails also where nobody kills it",
    'Task "add" failed in epoch 1 on node "main"',
    'it changed "seen" from Array(0) to Array(1), but only reads it',
    "move it from reads to updates",
  ],
} as const;

/** Whether a text is the name of a job that is resumable. */
export function isZooName(name: string): name is ZooName {
  return Object.hasOwn(zoo, name);
}

/** The params of a fresh start of each job. */
export const zooParams: Readonly<Record<ZooName, NonNullable<Animal["params"]>>> = Object
  .fromEntries(
    zooNames.map((name) => {
      const { params = {} }: Animal = zoo[name];
      return [name, params];
    }),
  ) as Record<ZooName, NonNullable<Animal["params"]>>;

/** Loads a job; the modules of the others stay unloaded. */
export async function loadFromZoo(
  name: ZooName,
): Promise<{ readonly job: Job; readonly uploader?: Uploader; readonly isSavedAside: boolean }> {
  const { load, isSavedAside = false }: Animal = zoo[name];
  const { default: job, uploader } = await load();
  return { job, isSavedAside, ...uploader === undefined ? {} : { uploader } };
}
