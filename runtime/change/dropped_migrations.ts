/**
 * Finds migrations that a plan has lost before what they were for was saved.
 *
 * @module
 */
import type { JobDescription, Manifest } from "../../storage/mod.ts";
import type { MigratedNames } from "../checkpoint/migrated.ts";
import type { Program } from "../program.ts";
import type { JobChange } from "./compare.ts";

/** A job as an attempt has recorded it. */
export interface RecordedJob {
  /** The attempt. */
  readonly attempt: number;
  /** What it has recorded of the job. */
  readonly description?: JobDescription | undefined;
}

/**
 * The migrations that a later attempt had in its plan, where that has none of them any more and the state
 * that the job is to go on from has not gone through them: what they had made of it nobody would make again.
 */
export function droppedMigrations(
  { plan: { migrate = [] } }: Program,
  { epoch, attempt }: Pick<Manifest, "epoch" | "attempt">,
  migrated: MigratedNames,
  later: readonly RecordedJob[],
): readonly JobChange[] {
  // Where nobody can tell, a plan without migrations has nothing to ask.
  if (migrated === null) return [];
  const known = new Set([...migrated, ...migrate.map(({ name }) => name)]);
  return later.flatMap(({ attempt: by, description }) =>
    Object.keys(description?.parts?.["migrations"] ?? {}).flatMap((name): readonly JobChange[] => {
      if (known.has(name)) return [];
      known.add(name);
      return [{
        what: `migration "${name}", which attempt ${by} had, is gone from the plan, and epoch ` +
          `${epoch}@a${attempt} has not gone through it`,
        why: "what it reads is taken as it was saved, or is lost: put it back, to have it applied",
        verdict: "to be allowed",
      }];
    })
  );
}
