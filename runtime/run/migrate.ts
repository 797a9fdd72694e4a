/**
 * Maps the blobs of a saved epoch to those that a job has now.
 *
 * @module
 */
import type { Migration } from "../../dsl/mod.ts";
import type { AppliedMigration, CheckpointStore, Manifest } from "../../storage/mod.ts";
import { migrationsUnknown } from "../change/migration_errors.ts";
import { migratedIn, type MigratedNames, type UnknownMigrated } from "../checkpoint/migrated.ts";
import type { NodeValues, RestoreMap, SavedBlobMap } from "../checkpoint/restore.ts";
import { codeOfTask, digestOf } from "../journal/code.ts";
import type { StateMigrations } from "../journal/judge_work.ts";
import type { Program } from "../program.ts";
import {
  migrationsAt,
  migrationsBehind,
  namesOf,
  type NodeMigrations,
} from "./place_migrations.ts";
import { PlacedMigrations } from "./placed_migrations.ts";

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
  /** Those of which a person says whether it has. */
  readonly said?: readonly string[];
}

/** A migration that a state has gone through by what it says, and may not have by what a node has. */
interface UnclearMigration {
  readonly node: string;
  readonly migration: Migration;
}

/** The migrations that a manifest is yet to go through, and what they make of it. */
export class Migrations implements RestoreMap, StartMigrations {
  readonly #program: Program;
  readonly #manifest: Manifest;
  readonly #done: Done;
  readonly #placed: PlacedMigrations;
  /** Those of which nobody can tell by what the manifest holds. */
  readonly unclear: readonly UnclearMigration[];
  /** Whether the manifest says, or its record, that it had gone through one when it was saved. */
  readonly isDone: (name: string) => boolean;
  /** All that it has gone through once these are applied; `null` where nobody can tell. */
  readonly migrated: MigratedNames;

  /** Finds them by those that the manifest has gone through, as it says itself, or a person of it. */
  constructor(program: Program, manifest: Manifest, done: Done) {
    this.#program = program;
    this.#manifest = manifest;
    this.#done = done;
    const { names, said = [] } = done;
    const all = program.plan.migrate ?? [];
    const at = program.nodes.map((node) => ({ node, ...this.#at(node) }));
    const placed = all.map((migration) => {
      const nodes = at.filter(({ runs }) => runs.includes(migration)).map(({ node }) => node);
      return { migration, nodes };
    });
    this.#placed = new PlacedMigrations(placed, manifest.epoch);
    this.unclear = at.flatMap(({ node, unclear }) =>
      unclear.map((migration) => ({ node, migration }))
    );
    const runs = new Set(this.applied.map(({ name }) => name));
    this.isDone = (name) =>
      names?.includes(name) === true && !runs.has(name) && !said.includes(name);
    this.migrated = names && [...new Set([...names, ...all.map(({ name }) => name)])];
  }

  /** What is taken to be so as a person says it, in words; nothing where nobody had to. */
  get notice(): string | undefined {
    const { names, said } = this.#done;
    if (said === undefined) return undefined;
    const { epoch, attempt } = this.#manifest;
    const done = said.filter((name) => names?.includes(name));
    const what = done.length === 0 ? "no migration" : done.map((name) => `"${name}"`).join(", ");
    const of = done.length === 0 && names?.length !== 0 ? ` of ${said.join(", ")}` : "";
    return `epoch ${epoch}@a${attempt} is taken to have gone through ${what}${of}, as --migrated says`;
  }

  /** The blobs that are made, as `node/blob`, with the migration that makes each. */
  get made(): ReadonlyMap<string, string> {
    return this.#placed.made;
  }

  /** Those that make any blobs, in turn, with digests of what they do, and where. */
  get applied(): readonly AppliedMigration[] {
    return this.#placed.all.filter(({ nodes }) => nodes.length > 0).map(({ migration, nodes }) => {
      const { name, task } = migration;
      return { name, code: digestOf(JSON.stringify([codeOfTask(task, {}), nodes])) };
    });
  }

  /** What a node goes through, where these blobs of it are wanted beside those of the job. */
  #at(node: string, besides: readonly string[] = []): NodeMigrations {
    const { names, said = [] } = this.#done;
    const told = {
      isDone: (name: string) => names?.includes(name) === true,
      isSaid: (name: string) => said.includes(name),
    };
    const placed = this.#program.blobs.filter((one) => one.node === node);
    const job = new Set(placed.map(({ blob }) => blob.name));
    const saved = this.#manifest.nodes[node] ?? {};
    return migrationsAt(this.#program.plan.migrate ?? [], told, { saved, job, besides });
  }

  /** The blob as it was saved, where a migration reads it. */
  asSaved(node: string, name: string): ReturnType<RestoreMap["asSaved"]> {
    return this.#placed.asSaved(node, name);
  }

  /** Whether a migration makes a blob, and none reads what was saved under its name. */
  replaces(node: string, name: string): boolean {
    return this.#placed.replaces(node, name);
  }

  /** Runs the migrations on the old values of all nodes, in their place. */
  async apply(values: NodeValues, signal?: AbortSignal): Promise<void> {
    await this.#placed.run(values, signal);
    for (const { migration, nodes } of this.#placed.all) {
      const { reads, writes } = namesOf(migration);
      for (const node of nodes) {
        for (const name of [...reads, ...writes]) {
          if (this.#inJob(node, name) === undefined) values.get(node)?.delete(name);
        }
      }
    }
    this.#placed.checkApart(values, (node, name) => {
      const placed = this.#inJob(node, name);
      return placed !== undefined && placed.blob.codec === undefined;
    });
  }

  /** What one blob of a node comes out of: the saved blobs that are read, and the migrations that make it of them. */
  behind(node: string, name: string): SavedBlobMap {
    // A task may read as saved what none uses there.
    const { makes, reads } = migrationsBehind(this.#at(node, [name]).runs, [name]);
    const placed = new PlacedMigrations(
      makes.map((migration) => ({ migration, nodes: [node] })),
      this.#manifest.epoch,
    );
    return {
      reads,
      makes: makes.map(({ name }) => name),
      migrated: this.migrated,
      notice: this.notice,
      asSaved: (node, name) => placed.asSaved(node, name),
      replaces: (node, name) => placed.replaces(node, name),
      apply: (values, signal) => placed.run(values, signal),
    };
  }

  #inJob(node: string, name: string): Program["blobs"][number] | undefined {
    return this.#program.blobs.find((placed) => placed.node === node && placed.blob.name === name);
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
  const unclear = [...new Set(migrations.unclear.map(({ migration }) => migration.name))];
  const names = unclear.length > 0 ? unclear : migrations.applied.map(({ name }) => name);
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
  if (unknown === undefined) return map;
  const unclear = migrations.unclear.filter((one) =>
    one.node === node && namesOf(one.migration).writes.includes(name)
  );
  const names = migrations.unclear.length > 0
    ? unclear.map(({ migration }) => migration.name)
    : map.makes;
  if (names.length > 0) throw migrationsUnknown(names, manifest, unknown);
  return map;
}

async function findMigrations(
  program: Program,
  manifest: Manifest,
  { store, said }: MigrationSource,
): Promise<{ readonly migrations: Migrations; readonly unknown?: UnknownMigrated }> {
  if (said !== undefined) checkSaid(program, said);
  const found = await migratedIn(store, manifest);
  const of = (done: Done) => new Migrations(program, manifest, done);
  if (found.names === null) {
    if (said === undefined) return { migrations: of({ names: null }), unknown: found };
    const all = (program.plan.migrate ?? []).map(({ name }) => name);
    return { migrations: of({ names: said, said: all }) };
  }
  const migrations = of({ names: found.names });
  const [first] = migrations.unclear;
  if (first === undefined) return { migrations };
  const why =
    `it says that it has, and node "${first.node}" holds what that reads and the job does not ` +
    `have any more, and lacks some of what it writes`;
  if (said === undefined) return { migrations, unknown: { names: null, why } };
  const unclear = migrations.unclear.map(({ migration }) => migration.name);
  const isMeant = (name: string) => unclear.includes(name);
  const names = [...found.names.filter((name) => !isMeant(name)), ...said.filter(isMeant)];
  return { migrations: of({ names, said: [...new Set(unclear)] }) };
}

/**
 * Checks which migrations are said to be done: of one that the plan does not have, a slip would have another applied.
 *
 * @throws {RangeError} Where the plan does not have one.
 */
export function checkSaid({ plan: { migrate = [] } }: Program, said: readonly string[]): void {
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
