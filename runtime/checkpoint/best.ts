/**
 * Reads blobs of the best saved epoch.
 *
 * @module
 */
import { DEFAULT_NODE } from "../../dsl/access.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import type { AnyBlob, By } from "../../dsl/mod.ts";
import {
  type CheckpointStore,
  DamagedError,
  formatRef,
  type Manifest,
  type ManifestRef,
} from "../../storage/mod.ts";
import { damageText } from "./damage_text.ts";
import { BlobNotSetError } from "../errors.ts";
import type { Events } from "../events.ts";
import { decodeNodes, type SavedBlobMap } from "./restore.ts";

/** What is to be read. */
export interface BestQuery {
  /** The node of the blob. */
  readonly node: string;
  /** The blob. */
  readonly blob: AnyBlob;
  /** The number by which epochs are compared. */
  readonly by: By;
  /** What is made of the blob as an epoch has it. */
  readonly mapOf: (manifest: Manifest) => Promise<SavedBlobMap>;
  /** What is done about a damaged epoch: it is not looked at, or the read fails. */
  readonly onDamaged: "fallback" | "stop";
  /** Is told of each damaged epoch, once. */
  readonly events: Events;
}

/** Reads blobs from the best epoch of the current line. */
export class BestReader {
  readonly #told = new Set<string>();

  /**
   * Reads a blob from the epoch of the current line that is best by a number: `NaN` is never best,
   * and of equals the newest is better, as in `keepBest`.
   *
   * It is given in the form that the job has it in: migrations that the epoch has not gone through are
   * applied to what is read.
   *
   * @throws {Error} Where no saved epoch has the number.
   * @throws {MigrationError} Where a migration fails, or nobody can tell whether it is to be applied.
   * @throws {BlobTypeError} Where the blob was saved as something other than the job declares.
   * @throws {DamagedError} Where an epoch is damaged, and that is to stop the job.
   */
  async read(store: CheckpointStore, query: BestQuery): Promise<unknown> {
    const { node, blob } = query;
    for (const ref of await this.#ranked(store, query)) {
      const read = await this.#unlessDamaged(ref, query, async () => {
        const manifest = await store.readManifest(ref);
        const map = await query.mapOf(manifest);
        const isRead = (at: string, name: string) => at === node && map.reads.has(name);
        return { manifest, map, loaded: await store.readBlobs(manifest, isRead) };
      });
      if (read === undefined) continue;
      const { manifest, map, loaded } = read;
      const declared = (_: string, name: string) => name === blob.name ? blob : undefined;
      const values = await decodeNodes(manifest, loaded, declared, map);
      await map.apply(values);
      const found = values.get(node);
      if (found?.has(blob.name) === true) return found.get(blob.name);
      const which = `epoch ${formatRef(ref)}, the best one`;
      throw new BlobNotSetError(blob.name, node, false, which);
    }
    throw new Error(
      `No saved epoch at ${store.store.place} that can be read has a number in ` +
        `"${keyOf(query.by)}": saved(…) needs one that was set`,
    );
  }

  /** The epochs that have the number, the best first. */
  async #ranked(store: CheckpointStore, query: BestQuery): Promise<readonly ManifestRef[]> {
    const { direction } = metricOf(query.by);
    const found: { readonly ref: ManifestRef; readonly value: number }[] = [];
    for (const ref of (await store.history()).line.toReversed()) {
      if (ref.phase !== "epoch") continue;
      const metrics = await this.#unlessDamaged(ref, query, () => store.readMetrics(ref));
      const value = metrics?.[keyOf(query.by)];
      if (value !== undefined && !Number.isNaN(value)) found.push({ ref, value });
    }
    const sign = direction === "max" ? 1 : -1;
    const isBetter = (a: number, b: number): boolean => sign * a > sign * b;
    // Equal ones stay in order, the newest first.
    found.sort((a, b) => isBetter(a.value, b.value) ? -1 : isBetter(b.value, a.value) ? 1 : 0);
    return found.map(({ ref }) => ref);
  }

  /** What is read of an epoch; `undefined` where it is damaged, which is said. */
  async #unlessDamaged<T>(
    ref: ManifestRef,
    { onDamaged, events }: BestQuery,
    read: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof DamagedError) || onDamaged === "stop") throw error;
      const name = formatRef(ref);
      if (this.#told.has(name)) return undefined;
      this.#told.add(name);
      const message =
        `checkpoint ${name} is damaged, so that saved(…) does not look at it, and another may be the best: ` +
        `${damageText(error)}. verify --full says what else is damaged`;
      events.emit({ type: "notice", level: "warning", message });
      return undefined;
    }
  }
}

function keyOf(by: By): string {
  const { blob, node = DEFAULT_NODE } = metricOf(by);
  return `${node}/${blob.name}`;
}
