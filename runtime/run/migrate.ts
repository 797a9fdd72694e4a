/**
 * Maps the blobs of a saved epoch to those that a job has now.
 *
 * @module
 */
import { accessKey } from "../../dsl/access.ts";
import type { AnyBlob, Migration, Reads, Writes } from "../../dsl/mod.ts";
import {
  type AppliedMigration,
  type CheckpointStore,
  DamagedError,
  encodeValue,
  type JobDescription,
  type Manifest,
} from "../../storage/mod.ts";
import { describedIn } from "../change/since.ts";
import { damageText } from "../checkpoint/damage_text.ts";
import { type NodeValues, type RestoreMap, wrongType } from "../checkpoint/restore.ts";
import { MigrationError } from "../change/errors.ts";
import { codeOfTask, digestOf } from "../journal/code.ts";
import type { StateMigrations } from "../journal/judge_work.ts";
import type { Program } from "../program.ts";
import { checkOutput } from "../task/output.ts";

/** A migration on the nodes on which it runs. */
interface PlacedMigration {
  readonly migration: Migration;
  readonly nodes: readonly string[];
}

/** Which migrations the state that a run starts from goes through, and what they make. */
export interface StartMigrations extends StateMigrations {
  /** The blobs that are made, as `node/blob`, with the migration that makes each. */
  readonly made: ReadonlyMap<string, string>;
}

/** Those of a fresh start. */
export const NO_MIGRATIONS: StartMigrations = Object.freeze({
  ...{ made: new Map<string, string>(), applied: [], isDone: () => false },
});

/** The migrations that a manifest is yet to go through, and what they make of it. */
export class Migrations implements RestoreMap, StartMigrations {
  readonly #placed: readonly PlacedMigration[];
  readonly #program: Program;
  readonly #epoch: number;
  /** Whether the job had a migration when the manifest was written. */
  readonly isDone: (name: string) => boolean;
  /** The blobs that are made, as `node/blob`, with the migration that makes each. */
  readonly made: ReadonlyMap<string, string>;

  /** Finds them by what the job was when the manifest was written. */
  constructor(program: Program, manifest: Manifest, before: JobDescription | undefined) {
    const done = before?.parts?.["migrations"] ?? {};
    this.isDone = (name) => Object.hasOwn(done, name);
    const pending = (program.plan.migrate ?? []).filter(({ name }) => !this.isDone(name));
    if (pending.length > 0 && before !== undefined && before.parts === undefined) {
      const why = "the job is too large for a record of which migrations it has gone through; " +
        "take them out of the plan once it is saved anew";
      throw new MigrationError(pending[0]?.name ?? "", "every", manifest.epoch, why);
    }
    this.#program = program;
    this.#epoch = manifest.epoch;
    const made = new Map<string, string>();
    this.#placed = pending.map((migration) => {
      const { reads, writes } = migration.task.declaration;
      const has = (node: string, blob: AnyBlob): boolean =>
        manifest.nodes[node]?.[blob.name] !== undefined || made.has(accessKey({ node, blob }));
      const old = blobsOf(reads);
      const nodes = program.nodes.filter((node) =>
        old.length === 0
          ? blobsOf(writes).some((blob) => this.#isInJob(node, blob.name))
          : old.some((blob) => has(node, blob))
      );
      for (const node of nodes) {
        for (const blob of blobsOf(writes)) made.set(accessKey({ node, blob }), migration.name);
      }
      return { migration, nodes };
    });
    this.made = made;
  }

  /** Those that make any blobs, in turn, with digests of what they do, and where. */
  get applied(): readonly AppliedMigration[] {
    return this.#placed.filter(({ nodes }) => nodes.length > 0).map(({ migration, nodes }) => {
      const { name, task } = migration;
      return { name, code: digestOf(JSON.stringify([codeOfTask(task, {}), nodes])) };
    });
  }

  /** The blob as it was saved, where a migration reads it. */
  asSaved(node: string, name: string): AnyBlob | undefined {
    for (const { migration, nodes } of this.#placed) {
      if (!nodes.includes(node)) continue;
      const found = blobsOf(migration.task.declaration.reads).find((blob) => blob.name === name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether a migration makes a blob, and none reads what was saved under its name. */
  replaces(node: string, name: string): boolean {
    return this.made.has(`${node}/${name}`) && this.asSaved(node, name) === undefined;
  }

  /** Runs the migrations on the old values of all nodes, in their place. */
  async apply(values: NodeValues): Promise<void> {
    for (const { migration, nodes } of this.#placed) {
      for (const node of nodes) {
        try {
          const own = values.get(node) ?? new Map<string, unknown>();
          values.set(node, own);
          await this.#run(migration, node, own);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          throw new MigrationError(migration.name, node, this.#epoch, why, { cause: error });
        }
      }
    }
    for (const { migration, nodes } of this.#placed) {
      const { reads, writes } = migration.task.declaration;
      for (const node of nodes) {
        for (const { name } of [...blobsOf(reads), ...blobsOf(writes)]) {
          if (!this.#isInJob(node, name)) values.get(node)?.delete(name);
        }
      }
    }
  }

  #isInJob(node: string, name: string): boolean {
    return this.#program.blobs.some((placed) => placed.node === node && placed.blob.name === name);
  }

  async #run({ task }: Migration, node: string, values: Map<string, unknown>): Promise<void> {
    const { reads, writes } = task.declaration;
    const inputs: Record<string, unknown> = {};
    for (const [key, blob] of Object.entries(reads) as [string, AnyBlob][]) {
      if (!values.has(blob.name)) {
        throw new Error(`it reads blob "${blob.name}", which was not set`);
      }
      inputs[key] = values.get(blob.name);
    }
    const context = { node, epoch: this.#epoch };
    const outputs = checkOutput(task, await task.body(inputs as never, context as never));
    for (const [key, blob] of Object.entries(writes) as [string, AnyBlob][]) {
      await trySave(blob, outputs[key]);
      values.set(blob.name, outputs[key]);
    }
  }
}

/** The migrations that a manifest is yet to go through. */
export async function migrationsOf(
  program: Program,
  manifest: Manifest,
  store: CheckpointStore,
): Promise<Migrations> {
  const before = await describedIn(store, manifest.attempt);
  const migrations = new Migrations(program, manifest, before);
  if (before === undefined && migrations.applied.length > 0) {
    await checkKnown(program, manifest, store);
  }
  return migrations;
}

/** Throws where nobody can tell which migrations a state has gone through: none must be applied twice. */
async function checkKnown(
  { plan: { migrate } }: Program,
  { attempt, epoch }: Manifest,
  store: CheckpointStore,
): Promise<void> {
  const unknown = (what: string, options?: ErrorOptions): MigrationError => {
    const why =
      `which migrations it has gone through is said by the record of attempt ${attempt}, which ` +
      `${what}. Bring that back from a copy, or take those out of the plan that it has gone through`;
    return new MigrationError(migrate?.[0]?.name ?? "", "every", epoch, why, options);
  };
  try {
    if (await store.readAttempt(attempt) === undefined) throw unknown("is not there");
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw unknown(`is damaged: ${damageText(error)}`, { cause: error });
  }
}

/** Throws where a value cannot be saved, or is none of what its blob declares. */
async function trySave(blob: AnyBlob, value: unknown): Promise<void> {
  const { codec, name } = blob;
  const plain = codec === undefined ? value : await codec.encode(value as never);
  const { type, byteLength } = encodeValue(plain, { name });
  const wrong = wrongType({ type, codec: codec !== undefined, bytes: byteLength }, blob);
  if (wrong === undefined) return;
  throw new TypeError(
    `it returned ${wrong.saved} for blob "${name}", and the job declares ${wrong.declared}`,
  );
}

function blobsOf(tokens: Reads | Writes): readonly AnyBlob[] {
  return Object.values(tokens) as readonly AnyBlob[];
}
