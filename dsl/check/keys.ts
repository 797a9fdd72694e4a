/**
 * Keys that nothing reads: mistyped ones, which would leave what they say undone without a word.
 *
 * @module
 */
import type { Problem } from "../errors.ts";
import type { JobOptions } from "../job.ts";
import { nearNames } from "../near.ts";
import type { BlobSelection, CheckpointPlan } from "../plan.ts";
import type { Retry } from "../context.ts";
import type { AnyDeclaration } from "../task.ts";

type KeysOf<T> = Readonly<Record<keyof T, true>>;

/** The keys of what is written as an object. Types keep each list whole. */
const KEYS = {
  job: keys<JobOptions>({
    ...{ init: true, epoch: true, download: true, exit: true, until: true, checkpoint: true },
  }),
  plan: keys<CheckpointPlan>({
    ...{ to: true, every: true, keep: true, blobs: true, grain: true, durability: true },
    ...{ snapshot: true, load: true, check: true, onSaveError: true, onDamaged: true },
    ...{ onChange: true, migrate: true },
  }),
  blobs: keys<BlobSelection>({ include: true, exclude: true }),
  task: keys<AnyDeclaration>({
    ...{ reads: true, updates: true, writes: true, if: true, after: true, retry: true },
    ...{ timeout: true, version: true },
  }),
  retry: keys<Retry>({ attempts: true, delay: true, maxDelay: true, restore: true, if: true }),
};

function keys<T>(all: KeysOf<Required<T>>): readonly string[] {
  return Object.keys(all);
}

/** The keys of an object that what it is does not have. */
export function unknownKeys(
  given: Readonly<Record<string, unknown>>,
  kind: keyof typeof KEYS,
  where: string,
): readonly Problem[] {
  return Object.keys(given).filter((key) => !KEYS[kind].includes(key)).map((key) => ({
    code: "unknown-key",
    message: `${where} has the key "${key.slice(0, 50)}", which it does not know`,
    mend: `the nearest is ${nearNames(key, KEYS[kind], 1)[0]}`,
  }));
}
