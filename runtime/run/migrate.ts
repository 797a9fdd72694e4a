/**
 * Maps the blobs of a saved epoch to those that a job has now.
 *
 * @module
 */
import { accessKey } from "../../dsl/access.ts";
import type { AnyBlob, Migration } from "../../dsl/mod.ts";
import {
  type AppliedMigration,
  type CheckpointStore,
  encodeValue,
  type Manifest,
} from "../../storage/mod.ts";
import { migrationFailed, migrationsUnknown } from "../change/migration_errors.ts";
import { migratedIn, type MigratedNames, type UnknownMigrated } from "../checkpoint/migrated.ts";
import {
  type NodeValues,
  type RestoreMap,
  type SavedBlobMap,
  wrongType,
} from "../checkpoint/restore.ts";
import { codeOfTask, digestOf } from "../journal/code.ts";
import type { StateMigrations } from "../journal/judge_work.ts";
import type { Program } from "../program.ts";
import { checkOutput } from "../task/output.ts";
import { blobsOf, migrationsAt, migrationsBehind } from "./place_migrations.ts";

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

/** The migrations that a state has gone through. */
interface Done {
  /** Their names; `null` where nobody can tell. */
  readonly names: MigratedNames;
  /** Whether a person says so. */
  readonly isSaid: boolean;
}

function saidText({ epoch, attempt }: Manifest, names: readonly string[]): string {
  const what = names.length === 0 ? "no migration" : names.map((name) => `"${name}"`).join(", ");
  return `epoch ${epoch}@a${attempt} is taken to have gone through ${what}, as --migrated says`;
}

/** The migrations that a manifest is yet to go through, and what they make of it. */
export class Migrations implements RestoreMap, StartMigrations {
  readonly #program: Program;
  readonly #manifest: Manifest;
  readonly #pending: readonly Migration[];
  readonly #placed: readonly PlacedMigration[];
  /** Whether the manifest says, or its record, that it had gone through one when it was saved. */
  readonly isDone: (name: string) => boolean;
  /** What is taken to be so as a person says it, in words; nothing where nobody had to. */
  readonly notice: string | undefined;
  /** All that it has gone through once these are applied; `null` where nobody can tell. */
  readonly migrated: MigratedNames;
  /** The blobs that are made, as `node/blob`, with the migration that makes each. */
  readonly made: ReadonlyMap<string, string>;

  /** Finds them by those that the manifest has gone through, as it says itself, or a person of it. */
  constructor(program: Program, manifest: Manifest, { names: done, isSaid }: Done) {
    this.#program = program;
    this.#manifest = manifest;
    const all = program.plan.migrate ?? [];
    const undone = all.filter((one) => this.#isUndone(one, manifest)).map(({ name }) => name);
    const isOver = (name: string) => done?.includes(name) === true && !undone.includes(name);
    this.isDone = (name) => !isSaid && isOver(name);
    this.notice = isSaid ? saidText(manifest, done ?? []) : undefined;
    const pending = all.filter(({ name }) => !isOver(name));
    this.migrated = done && [...new Set([...done, ...pending.map(({ name }) => name)])];
    this.#pending = pending;
    const at = new Map(program.nodes.map((node) => [node, this.#at(node)]));
    const made = new Map<string, string>();
    this.#placed = pending.map((migration) => {
      const nodes = program.nodes.filter((node) => at.get(node)?.includes(migration));
      for (const node of nodes) {
        for (const blob of blobsOf(migration.task.declaration.writes)) {
          made.set(accessKey({ node, blob }), migration.name);
        }
      }
      return { migration, nodes };
    });
    this.made = made;
  }

  /**
   * Whether a state that has gone through a migration is as if it had not: where the job was run without it
   * since, and has made anew what it alone reads and dropped all that it writes.
   */
  #isUndone({ task: { declaration } }: Migration, { nodes }: Manifest): boolean {
    const reads = blobsOf(declaration.reads);
    const writes = blobsOf(declaration.writes);
    const all = Object.values(nodes);
    const isForeign = ({ name }: AnyBlob) =>
      !this.#program.nodes.some((node) => this.#isInJob(node, name));
    return reads.length > 0 && reads.every(isForeign) &&
      all.some((blobs) => reads.every(({ name }) => blobs[name] !== undefined)) &&
      all.every((blobs) => writes.every(({ name }) => blobs[name] === undefined));
  }

  /** Those that a node goes through, where these blobs of it are wanted beside those of the job. */
  #at(node: string, besides: readonly string[] = []): readonly Migration[] {
    const placed = this.#program.blobs.filter((one) => one.node === node);
    return migrationsAt(this.#pending, {
      saved: Object.keys(this.#manifest.nodes[node] ?? {}),
      wanted: [...placed.map(({ blob }) => blob.name), ...besides],
    });
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
    await this.#runAll(values, this.#placed);
    for (const { migration, nodes } of this.#placed) {
      const { reads, writes } = migration.task.declaration;
      for (const node of nodes) {
        for (const { name } of [...blobsOf(reads), ...blobsOf(writes)]) {
          if (!this.#isInJob(node, name)) values.get(node)?.delete(name);
        }
      }
    }
  }

  /** What one blob of a node comes out of: the saved blobs that are read, and the migrations that make it of them. */
  behind(node: string, name: string): SavedBlobMap {
    // A task may read as saved what none uses there.
    const { makes, reads } = migrationsBehind(this.#at(node, [name]), name);
    const placed = makes.map((migration) => ({ migration, nodes: [node] }));
    return {
      reads,
      makes: makes.map(({ name }) => name),
      migrated: this.migrated,
      notice: this.notice,
      asSaved: (node, name) => this.asSaved(node, name),
      replaces: (node, name) => this.replaces(node, name),
      apply: (values) => this.#runAll(values, placed),
    };
  }

  async #runAll(values: NodeValues, placed: readonly PlacedMigration[]): Promise<void> {
    for (const { migration, nodes } of placed) {
      for (const node of nodes) {
        try {
          const own = values.get(node) ?? new Map<string, unknown>();
          values.set(node, own);
          await this.#run(migration, node, own);
        } catch (error) {
          throw migrationFailed(migration.name, node, this.#manifest.epoch, error);
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
    const context = { node, epoch: this.#manifest.epoch };
    const outputs = checkOutput(task, await task.body(inputs as never, context as never));
    for (const [key, blob] of Object.entries(writes) as [string, AnyBlob][]) {
      await trySave(blob, outputs[key]);
      values.set(blob.name, outputs[key]);
    }
  }
}

/** Where a manifest lies, and what a person says of such as say nothing. */
export interface MigrationSource {
  /** The job's checkpoints. */
  readonly store: CheckpointStore;
  /** The migrations that a state has gone through of which nobody can tell otherwise. */
  readonly said: readonly string[] | undefined;
}

/**
 * The migrations that a manifest is yet to go through.
 *
 * @throws {MigrationError} Where nobody can tell: none must be applied twice.
 * @throws {RangeError} Where a migration is said to be done that the plan does not have.
 */
export async function migrationsOf(
  program: Program,
  manifest: Manifest,
  source: MigrationSource,
): Promise<Migrations> {
  const { migrations, unknown } = await findMigrations(program, manifest, source);
  const names = migrations.applied.map(({ name }) => name);
  if (unknown !== undefined && names.length > 0) throw migrationsUnknown(names, manifest, unknown);
  return migrations;
}

/**
 * The same of one blob of a node alone, which other migrations do not matter to.
 *
 * @throws {MigrationError} Where nobody can tell: none must be applied twice.
 */
export async function migrationsOfBlob(
  program: Program,
  manifest: Manifest,
  source: MigrationSource,
  { node, name }: { readonly node: string; readonly name: string },
): Promise<SavedBlobMap> {
  const { migrations, unknown } = await findMigrations(program, manifest, source);
  const map = migrations.behind(node, name);
  if (unknown !== undefined && map.makes.length > 0) {
    throw migrationsUnknown(map.makes, manifest, unknown);
  }
  return map;
}

async function findMigrations(
  program: Program,
  manifest: Manifest,
  { store, said }: MigrationSource,
): Promise<{ readonly migrations: Migrations; readonly unknown?: UnknownMigrated }> {
  if (said !== undefined) checkSaid(program, said);
  const found = await migratedIn(store, manifest);
  const isSaid = found.names === null && said !== undefined;
  const done = { names: found.names ?? said ?? null, isSaid };
  const migrations = new Migrations(program, manifest, done);
  return found.names === null && !isSaid ? { migrations, unknown: found } : { migrations };
}

/** Throws where a migration is said to be done that the plan does not have: a slip would have another applied. */
function checkSaid({ plan: { migrate = [] } }: Program, said: readonly string[]): void {
  const names = migrate.map(({ name }) => name);
  const odd = said.find((name) => !names.includes(name));
  if (odd === undefined) return;
  throw new RangeError(
    `--migrated says that saved epochs have gone through "${odd}", and the plan has ` +
      `${
        names.length === 0 ? "no migrations" : `only ${names.join(", ")}`
      }: name one that it has, or put ` +
      `"${odd}" back into it`,
  );
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
