/**
 * Remembers of manifests and packs what retention asks for; both never change.
 *
 * @module
 */
import { CheckpointNotFoundError, DamagedError } from "./errors.ts";
import { manifestName, type ManifestRef } from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import type { CheckpointFacts } from "./retention.ts";
import type { Store, StoreOptions } from "./store.ts";

/** The most manifests, and the most packs, of which facts are remembered. */
const MOST_FACTS = 100_000;

/** Finds out facts of checkpoints, each once. */
export class FactsReader {
  readonly #store: Store;
  readonly #read: (ref: ManifestRef, options: StoreOptions) => Promise<Manifest>;
  readonly #facts = new Map<string, CheckpointFacts>();
  readonly #packBytes = new Map<string, number>();
  /** The packs of the manifests that were saved here. */
  readonly #saved = new Map<string, readonly string[]>();
  /** Whether a checkpoint is damaged, of those that were looked at. */
  readonly #isDamaged = new Map<string, boolean>();
  /** The names of those that are, by any check. */
  readonly #damaged = new Set<string>();

  /** Takes a store, and how a manifest is read, which is to call `remember`. */
  constructor(
    store: Store,
    read: (ref: ManifestRef, options: StoreOptions) => Promise<Manifest>,
  ) {
    this.#store = store;
    this.#read = read;
  }

  /** Takes note of a manifest that was read. */
  remember(manifest: Manifest, manifestBytes: number): void {
    const { packs, createdAtMs, metrics } = manifest;
    if (this.#facts.size >= MOST_FACTS) this.#facts.clear();
    this.#facts.set(manifestName(manifest), { packs, createdAtMs, metrics, manifestBytes });
  }

  /** The facts of a checkpoint; `"damaged"` where it is known to be so. */
  async of(ref: ManifestRef, options: StoreOptions): Promise<CheckpointFacts | "damaged"> {
    try {
      return await this.#known(ref, options);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return "damaged";
    }
  }

  /**
   * The numbers of a checkpoint.
   *
   * @throws {DamagedError} Where it is damaged.
   */
  async metricsOf(ref: ManifestRef, options: StoreOptions): Promise<CheckpointFacts["metrics"]> {
    return (await this.#known(ref, options)).metrics;
  }

  /** The packs that a manifest names; of one that was saved here it need not be read. */
  async packsOf(ref: ManifestRef): Promise<readonly string[]> {
    return this.#saved.get(manifestName(ref)) ?? (await this.#known(ref, {})).packs;
  }

  /** Takes note of a manifest that was saved. Whether it can be read nobody knows yet. */
  saved(manifest: Manifest): void {
    if (this.#saved.size >= MOST_FACTS) this.#saved.clear();
    this.#saved.set(manifestName(manifest), manifest.packs);
  }

  /**
   * Whether a checkpoint is damaged, by a check that throws then. It is made once, and not of what was
   * saved here, whose blobs were just written, or read, unless it is a full one.
   */
  async isDamaged(
    ref: ManifestRef,
    check: (ref: ManifestRef) => Promise<void>,
    isFull: boolean,
  ): Promise<boolean> {
    const name = manifestName(ref);
    if (!isFull && this.#saved.has(name)) return false;
    const key = isFull ? `${name} in full` : name;
    const known = this.#isDamaged.get(key);
    if (known !== undefined) return known;
    let isDamaged = false;
    try {
      await check(ref);
    } catch (error) {
      if (!isDamage(error)) throw error;
      isDamaged = true;
    }
    if (this.#isDamaged.size >= MOST_FACTS) {
      this.#isDamaged.clear();
      this.#damaged.clear();
    }
    this.#isDamaged.set(key, isDamaged);
    if (isDamaged) this.#damaged.add(name);
    return isDamaged;
  }

  /** Whether a checkpoint was found damaged before, by whichever check. */
  wasDamaged(ref: ManifestRef): boolean {
    return this.#damaged.size > 0 && this.#damaged.has(manifestName(ref));
  }

  /** Forgets manifests and packs that are gone. */
  forget(names: readonly string[]): void {
    for (const name of names) {
      this.#facts.delete(name);
      this.#saved.delete(name);
      this.#packBytes.delete(name);
      this.#damaged.delete(name);
      this.#isDamaged.delete(name);
      this.#isDamaged.delete(`${name} in full`);
    }
  }

  /** Finds out the size of packs. */
  async look(packs: readonly string[], options: StoreOptions): Promise<void> {
    for (const pack of packs) {
      if (this.#packBytes.has(pack)) continue;
      this.#packBytes.set(pack, (await this.#store.stat(pack, options))?.byteLength ?? 0);
    }
  }

  /** A pack's size, once it was looked at. */
  packBytes(pack: string): number {
    return this.#packBytes.get(pack) ?? 0;
  }

  /** Forgets sizes, where there are too many; before a judgement, never within one. */
  trim(): void {
    if (this.#packBytes.size >= MOST_FACTS) this.#packBytes.clear();
  }

  async #known(ref: ManifestRef, options: StoreOptions): Promise<CheckpointFacts> {
    const known = this.#facts.get(manifestName(ref));
    if (known !== undefined) return known;
    const manifest = await this.#read(ref, options);
    return this.#facts.get(manifestName(ref)) ?? { ...manifest, manifestBytes: 0 };
  }
}

/** Whether an error says that a checkpoint cannot be restored, and not that reading has failed. */
function isDamage(error: unknown): boolean {
  return error instanceof DamagedError || error instanceof CheckpointNotFoundError;
}
