/**
 * Runs a job in this process, on checkpoints in memory, and lets it die there.
 *
 * @module
 */
import type { Job } from "../../dsl/mod.ts";
import { CheckpointStore, MemoryStore } from "../../storage/mod.ts";
import { MultiNodeCheckpointManager } from "../checkpoint/manager.ts";
import { JobRunner, type JobRunnerOptions } from "../run/job_runner.ts";
import { LocalSession } from "../session/local_session.ts";
import { digestOfBlob } from "./digest.ts";
import { drillClock, drillJob } from "./drill_job.ts";
import type { Ground, Life, LifeOptions, MakeGround } from "./ground.ts";
import { Mortal } from "./mortal.ts";
import { Uses } from "./uses.ts";

/** What the job's runner is given. */
export type RunnerOptions = Pick<JobRunnerOptions, "params" | "set" | "seed" | "uploader">;

/** Makes grounds in memory. */
export function memoryGrounds(job: Job, options: RunnerOptions): MakeGround {
  return ({ keepAll }) => Promise.resolve(new MemoryGround(drillJob(job, keepAll), options));
}

class MemoryGround implements Ground {
  readonly isOneProcess = true;
  readonly #job: Job;
  readonly #options: RunnerOptions;
  readonly #store = new MemoryStore();

  constructor(job: Job, options: RunnerOptions) {
    this.#job = job;
    this.#options = options;
  }

  async live({ dieAt, isFirst }: LifeOptions): Promise<Life> {
    const mortal = new Mortal(dieAt);
    using uses = new Uses();
    await using session = new LocalSession({ grace: "2s" });
    session.events.observe(uses.observe);
    session.events.observe(mortal.observe);
    const store = mortal.open(this.#store);
    const checkpoints = new MultiNodeCheckpointManager(this.#job.name, "memory", { store });
    const { uploader, ...settings } = this.#options;
    const runner = new JobRunner(this.#job, {
      ...uploader === undefined ? {} : { uploader },
      ...isFirst ? settings : {},
      clock: drillClock,
      checkpoints,
      resumeFromEpoch: "auto",
    });
    let failure: unknown;
    try {
      await uses.follow(() => runner.run(session, { signal: mortal.signal }));
    } catch (error) {
      failure = error;
    }
    const { steps, lastStep, isDead } = mortal;
    return {
      ...{ steps, lastStep, isDead, uses: uses.all(), recalls: uses.recalls() },
      pieceEnds: mortal.pieceEnds,
      failure: isDead ? undefined : failure,
      digests: isDead || failure !== undefined ? new Map() : await digestsOf(session),
    };
  }

  open(): Promise<CheckpointStore> {
    return CheckpointStore.open(this.#store);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.remove(await objectsIn(this.#store, ""));
  }
}

async function objectsIn(store: MemoryStore, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await store.list(prefix)) {
    if (await store.stat(name) !== undefined) names.push(name);
    else names.push(...await objectsIn(store, `${name}/`));
  }
  return names;
}

/** The digest of each blob that a session holds, by `node/blob`. */
export async function digestsOf(session: LocalSession): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const node of [...session.nodes].sort()) {
    const workspace = session.workspace(node);
    for (const name of workspace.names) await workspace.arrive(name);
    const { values, declared } = workspace;
    for (const name of [...values.keys()].sort()) {
      if (declared.get(name)?.scratch === true) continue;
      const digest = await digestOfBlob(values.get(name), declared.get(name)?.codec);
      found.set(`${node}/${name}`, digest);
    }
  }
  return found;
}
