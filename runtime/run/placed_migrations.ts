/**
 * Runs migrations on the nodes on which they run.
 *
 * @module
 */
import { accessKey } from "../../dsl/access.ts";
import type { AnyBlob, Migration } from "../../dsl/mod.ts";
import { encodeValue } from "../../storage/mod.ts";
import { objectsIn } from "../../storage/value/places.ts";
import { migrationFailed } from "../change/migration_errors.ts";
import { type NodeValues, wrongType } from "../checkpoint/restore.ts";
import { checkOutput } from "../task/output.ts";
import { unlessAborted } from "../task/turn.ts";
import { blobsOf } from "./place_migrations.ts";

/** A migration on the nodes on which it runs. */
export interface PlacedMigration {
  /** The migration. */
  readonly migration: Migration;
  /** The nodes. */
  readonly nodes: readonly string[];
}

/** Migrations, in turn, on the nodes on which they run. */
export class PlacedMigrations {
  /** All, also those that run nowhere. */
  readonly all: readonly PlacedMigration[];
  /** The blobs that are made, as `node/blob`, with the migration that makes each. */
  readonly made: ReadonlyMap<string, string>;
  readonly #epoch: number;

  /** Takes them, and the epoch whose values they are given. */
  constructor(all: readonly PlacedMigration[], epoch: number) {
    this.all = all;
    this.#epoch = epoch;
    const made = new Map<string, string>();
    for (const { migration, nodes } of all) {
      for (const node of nodes) {
        for (const blob of blobsOf(migration.task.declaration.writes)) {
          made.set(accessKey({ node, blob }), migration.name);
        }
      }
    }
    this.made = made;
  }

  /** The blob as it was saved, where one reads that, and not what another has made of that name. */
  asSaved(node: string, name: string): AnyBlob | undefined {
    for (const { migration, nodes } of this.all) {
      if (!nodes.includes(node)) continue;
      const { reads, writes } = migration.task.declaration;
      const found = blobsOf(reads).find((blob) => blob.name === name);
      if (found !== undefined) return found;
      if (blobsOf(writes).some((blob) => blob.name === name)) return undefined;
    }
    return undefined;
  }

  /** Whether one makes a blob, and none reads what was saved under its name. */
  replaces(node: string, name: string): boolean {
    return this.made.has(`${node}/${name}`) && this.asSaved(node, name) === undefined;
  }

  /**
   * Runs them on the old values of all nodes, in their place. Whoever is told to stop waits for none.
   *
   * @throws {MigrationError} Where one fails, or gives what cannot be saved.
   */
  async run(values: NodeValues, signal?: AbortSignal): Promise<void> {
    for (const { migration, nodes } of this.all) {
      for (const node of nodes) {
        try {
          const own = values.get(node) ?? new Map<string, unknown>();
          values.set(node, own);
          const running = this.#run(migration, node, own);
          await (signal === undefined ? running : unlessAborted(running, signal));
        } catch (error) {
          if (signal?.aborted === true && error === signal.reason) throw error;
          throw migrationFailed(migration.name, node, this.#epoch, error);
        }
      }
    }
  }

  /**
   * Checks that no two blobs share memory or objects, which would come back as two.
   *
   * @param isPlain Whether a blob is saved as it is; what codecs make of their values is looked at by saves.
   * @throws {MigrationError} Where any do.
   */
  checkApart(values: NodeValues, isPlain: (node: string, name: string) => boolean): void {
    if (this.made.size === 0) return;
    const owners = new Map<object, { node: string; name: string }>();
    for (const [node, own] of values) {
      for (const [name, value] of own) {
        if (!isPlain(node, name)) continue;
        const here = { node, name };
        for (const object of objectsIn(value)) {
          const other = owners.get(object);
          owners.set(object, here);
          if (other === undefined) continue;
          const by = this.made.get(`${node}/${name}`) ??
            this.made.get(`${other.node}/${other.name}`);
          if (by === undefined) continue;
          const first = other.node === node ? "" : ` of node "${other.node}"`;
          const why =
            `blob "${name}" shares memory or an object with blob "${other.name}"${first}, ` +
            `and they would come back apart: give each its own, as slice() and structuredClone() do`;
          throw migrationFailed(by, node, this.#epoch, new TypeError(why));
        }
      }
    }
  }

  async #run({ task }: Migration, node: string, values: Map<string, unknown>): Promise<void> {
    const { reads, writes } = task.declaration;
    const inputs: Record<string, unknown> = {};
    for (const [key, blob] of Object.entries(reads) as [string, AnyBlob][]) {
      if (!values.has(blob.name)) {
        throw new Error(
          `it reads blob "${blob.name}", which was not set then beside others that it reads: give those ` +
            `a migration of their own, or resume with it from an epoch that has all`,
        );
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
