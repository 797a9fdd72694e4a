/** One small job in four settings: one node and three, on `memory:` and `file:`. */
import {
  blob,
  type CheckpointPlan,
  type Condition,
  epochs,
  type Job,
  job,
  previous,
  replicate,
  type Step,
  task,
  when,
} from "../../../dsl/mod.ts";
import {
  CheckpointManager,
  type CheckpointManagerOptions,
  type Checkpoints,
  MultiNodeCheckpointManager,
} from "../../../runtime/checkpoint/manager.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import type { LocalSession, LocalSessionOptions } from "../../../runtime/session/local_session.ts";
import { cloneValue, openStore, type Store } from "../../../storage/mod.ts";
import { recorded, type Recorder } from "../helpers.ts";

export const weights = blob<Float64Array>("weights");
export const total = blob("total", { initial: () => 0 });
export const late = blob<string>("late");
export const noise = blob<number>("noise", { scratch: true });
export const report = blob<string>("report");

/** Writes the weights. */
export const start = task("start", { writes: { weights } })
  .run((_, { rng, replica }) => ({
    weights: Float64Array.from({ length: 2000 }, () => rng("w").normal() + replica.index),
  }));
const shake = task("shake", { writes: { noise } }).run((_, { rng }) => ({ noise: rng("n")() }));
/** Changes the weights in place, with random numbers, and counts. */
export const train = task("train", {
  reads: { noise, before: previous(total, 0) },
  updates: { weights },
  writes: { total },
}).run(({ noise, before, weights }, { rng, epoch }) => {
  weights[epoch % 100] = noise + rng("x")();
  return { total: before + epoch };
});
/** Writes `late` in the third epoch and not before. */
const atLast = task("at-last", { writes: { late }, if: when(total, (total) => total >= 6) })
  .run((_, { epoch }) => ({ late: `at ${epoch}` }));
/** What is read at the end. */
export const finish = task("finish", { reads: { total }, writes: { report } })
  .run(({ total }) => ({ report: `total ${total}` }));

/** What a job may differ in. */
export interface JobChanges {
  readonly name?: string;
  readonly until?: Condition | readonly [Condition, ...Condition[]];
  readonly plan?: Partial<CheckpointPlan>;
  readonly init?: readonly Step[];
  readonly epoch?: readonly Step[];
  readonly download?: readonly Step[];
  readonly exit?: readonly Step[];
}

/** A setting to test in: a place of its own, and its nodes. */
export class World implements AsyncDisposable {
  readonly #sessions: LocalSession[] = [];

  private constructor(
    readonly kind: "memory" | "file",
    readonly nodes: readonly string[],
    readonly db: string,
    readonly folder: string | undefined,
  ) {}

  static async make(kind: "memory" | "file", count: 1 | 3): Promise<World> {
    const nodes = count === 1 ? ["main"] : ["n0", "n1", "n2"];
    if (kind === "memory") return new World(kind, nodes, crypto.randomUUID(), undefined);
    const folder = await Deno.makeTempDir();
    return new World(kind, nodes, `${folder}/ckpt`, folder);
  }

  /** Another place of the same setting, with nothing in it. */
  beside(): Promise<World> {
    return World.make(this.kind, this.nodes.length === 1 ? 1 : 3);
  }

  /** The first node. */
  get node(): string {
    return this.nodes[0] ?? "main";
  }

  /** The store behind it, to look into and to spoil. */
  store(): Store {
    return openStore(`${this.kind}:${this.db}`);
  }

  manager(options: CheckpointManagerOptions = {}): Checkpoints {
    const all = { durability: "none", ...options } as const;
    return this.nodes.length === 1
      ? new CheckpointManager(this.db, this.kind, all)
      : new MultiNodeCheckpointManager(this.db, this.kind, all);
  }

  /** Puts steps on the nodes. */
  on(...steps: Step[]): Step[] {
    return this.nodes.length === 1 || steps.length === 0
      ? steps
      : [replicate(this.nodes, ...steps)];
  }

  job(changes: JobChanges = {}): Job {
    return job(changes.name ?? "world", {
      init: this.on(...changes.init ?? [start]),
      epoch: this.on(...changes.epoch ?? [shake, train, atLast]),
      download: this.on(...changes.download ?? []),
      exit: this.on(...changes.exit ?? [finish]),
      until: changes.until ?? epochs(4),
      checkpoint: { to: `${this.kind}:${this.db}-unused`, ...changes.plan },
    });
  }

  session(options: LocalSessionOptions = {}): { session: LocalSession; seen: Recorder } {
    const made = recorded(options);
    this.#sessions.push(made.session);
    return made;
  }

  /** Runs a job on a new session, with a new manager unless one is given. */
  async run(
    given: Job = this.job(),
    options: JobRunnerOptions = {},
    on: { session: LocalSession; seen: Recorder } = this.session(),
  ): Promise<Ran> {
    const runner = new JobRunner(given, { checkpoints: this.manager(), ...options });
    on.seen.clear();
    const epoch = await runner.run(on.session);
    return { ...on, runner, epoch, values: valuesOf(on.session) };
  }

  /** The same, where it must fail. */
  async fail(
    given: Job,
    options: JobRunnerOptions = {},
  ): Promise<{ error: Error; seen: Recorder }> {
    const on = this.session();
    try {
      await this.run(given, options, on);
    } catch (error) {
      return { error: error as Error, seen: on.seen };
    }
    throw new Error("the run did not fail");
  }

  /** All names in the store, by prefix. */
  async names(prefix: "attempts/" | "epochs/" | "phases/" | "packs/"): Promise<string[]> {
    const found = await this.store().list(prefix).catch(() => []);
    return found.map((name) => name.slice(prefix.length));
  }

  /** The epochs that are saved, on any line. */
  async epochs(): Promise<string[]> {
    return (await this.names("epochs/")).map((name) =>
      name.replace(/^e0*(\d+)\.a0*(\d+)\.cbor$/, "$1@a$2")
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) await session[Symbol.asyncDispose]();
    if (this.folder !== undefined) await Deno.remove(this.folder, { recursive: true });
  }
}

/** What a run left. */
export interface Ran {
  readonly session: LocalSession;
  readonly seen: Recorder;
  readonly runner: JobRunner;
  readonly epoch: number;
  readonly values: Record<string, Record<string, unknown>>;
}

/** Copies of all blobs of all nodes of a session. */
export function valuesOf(session: LocalSession): Record<string, Record<string, unknown>> {
  const nodes = [...session.nodes].sort();
  return Object.fromEntries(nodes.map((node) => {
    const values = [...session.workspace(node).values].sort(([a], [b]) => a < b ? -1 : 1);
    return [node, cloneValue(Object.fromEntries(values)) as Record<string, unknown>];
  }));
}

/** What a run did, in words, without its tasks. */
export function actions(seen: Recorder): string[] {
  return seen.events.flatMap((event) => {
    switch (event.type) {
      case "phase-started":
        return [`${event.phase} ${event.epoch}`];
      case "save-committed":
        return [`save ${event.phase} ${event.epoch}`];
      case "condition-held":
        return [`held at ${event.epoch}`];
      case "loaded":
        return [`load ${event.epoch}`];
      default:
        return [];
    }
  });
}

/** The notices of a run. */
export function notices(seen: Recorder): string[] {
  return seen.of("notice").map((event) => event.message);
}

/** Registers a test in all four settings. */
export function everywhere(name: string, body: (world: World) => Promise<void>): void {
  for (const kind of ["memory", "file"] as const) {
    for (const count of [1, 3] as const) {
      Deno.test(`${name} (${count} ${count === 1 ? "node" : "nodes"}, ${kind})`, async () => {
        await using world = await World.make(kind, count);
        await body(world);
      });
    }
  }
}

/** The epoch steps of the world's own job, without the nodes around them. */
export function stepsOf({ build }: Job): readonly Step[] {
  const [first, ...rest] = build({}).epoch;
  if (first === undefined) throw new Error("no steps");
  return first.kind === "group" && first.replicated ? first.steps : [first, ...rest];
}
