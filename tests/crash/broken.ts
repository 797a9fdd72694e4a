/**
 * Builds that are broken on purpose, so that the check of a killed and resumed run is seen to fail.
 * The product has no switch for this: what is broken is broken here, from outside, in the process that
 * resumes, by putting something else in the place of what it restores or decides by.
 */

import { CheckpointStore, formatRef, type Manifest, type Store, type WriteOptions } from "tidemark";
import { END_PHASES } from "../../runtime/run/start.ts";
import { PackLayout } from "../../storage/pack.ts";
import type { BlockRef } from "../../storage/manifest.ts";

/** The ways in which a build can be broken. */
export const breakages = [
  "rng not restored",
  "changed block not written",
  "manifest linked before its pack",
  "epoch run twice",
  "param defaults used on resume",
  "phase repeated",
  "phase skipped",
] as const;

/** A way in which a build is broken. */
export type Breakage = typeof breakages[number];

/** Breaks the build of this process; what is broken in a store is done by the stores below. */
export function breakBuild(broken: Breakage): void {
  switch (broken) {
    case "changed block not written":
      return carryStaleBlock();
    case "rng not restored":
      return restore((manifest) => ({ run: { ...manifest.run, seed: manifest.run.seed + 1 } }));
    case "param defaults used on resume":
      return restore((manifest) => ({ run: { ...manifest.run, params: {} } }));
    case "epoch run twice":
      return overlookNewest();
    case "phase skipped":
      return void (END_PHASES as unknown as string[]).splice(0, 2, "download", "upload");
  }
}

/** Restores something else than a manifest says. */
function restore(change: (manifest: Manifest) => Partial<Manifest>): void {
  const { readManifest } = CheckpointStore.prototype;
  CheckpointStore.prototype.readManifest = async function (ref, options) {
    const manifest = await readManifest.call(this, ref, options);
    return { ...manifest, ...change(manifest) };
  };
}

/** Overlooks the newest saved state, so that a run starts from the one before. */
function overlookNewest(): void {
  const { history } = CheckpointStore.prototype;
  let overlooked: string | undefined;
  CheckpointStore.prototype.history = async function (options) {
    const found = await history.call(this, options);
    const newest = found.line.at(-1);
    overlooked ??= newest && formatRef(newest);
    return { ...found, line: found.line.filter((ref) => formatRef(ref) !== overlooked) };
  };
}

/** From the second save on, the second block of a blob is said to be where the save before had it. */
function carryStaleBlock(): void {
  const before = new Map<string, BlockRef>();
  const { add } = PackLayout.prototype;
  PackLayout.prototype.add = function (blob) {
    const entry = add.call(this, blob);
    if ("absent" in entry || "carry" in blob || entry.blocks === undefined) return entry;
    const [first, second, ...rest] = entry.blocks;
    if (first === undefined || second === undefined) return entry;
    const node = this.name.split(".")[1] ?? "";
    const stale = before.get(node);
    before.set(node, stale ?? second);
    return { ...entry, blocks: [first, stale ?? second, ...rest] };
  };
}

/** A store that passes everything on; for wrappers that change one thing. */
class PassingStore implements Store {
  constructor(protected readonly store: Store) {}
  get kind(): string {
    return this.store.kind;
  }
  get place(): string {
    return this.store.place;
  }
  get bytesRead(): number {
    return this.store.bytesRead;
  }
  get bytesWritten(): number {
    return this.store.bytesWritten;
  }
  promises(...args: Parameters<Store["promises"]>): ReturnType<Store["promises"]> {
    return this.store.promises(...args);
  }
  put(...args: Parameters<Store["put"]>): Promise<void> {
    return this.store.put(...args);
  }
  write(...args: Parameters<Store["write"]>): Promise<number> {
    return this.store.write(...args);
  }
  get(...args: Parameters<Store["get"]>): ReturnType<Store["get"]> {
    return this.store.get(...args);
  }
  open(...args: Parameters<Store["open"]>): ReturnType<Store["open"]> {
    return this.store.open(...args);
  }
  list(...args: Parameters<Store["list"]>): Promise<string[]> {
    return this.store.list(...args);
  }
  remove(...args: Parameters<Store["remove"]>): Promise<void> {
    return this.store.remove(...args);
  }
  stat(...args: Parameters<Store["stat"]>): ReturnType<Store["stat"]> {
    return this.store.stat(...args);
  }
}

/** Writes packs only once the manifest that names them is linked. */
export class LatePackStore extends PassingStore {
  readonly #held: (() => Promise<number>)[] = [];

  override write(
    name: string,
    parts: Iterable<Uint8Array>,
    options?: WriteOptions,
  ): Promise<number> {
    const copies = [...parts].map((part) => part.slice());
    this.#held.push(() => this.store.write(name, copies, options));
    return Promise.resolve(copies.reduce((sum, part) => sum + part.byteLength, 0));
  }

  override async put(name: string, bytes: Uint8Array, options?: WriteOptions): Promise<void> {
    await this.store.put(name, bytes, options);
    for (const write of this.#held.splice(0)) await write();
  }
}

/** Forgets which phases are finished. */
export class NoPhasesStore extends PassingStore {
  override async list(...[prefix, options]: Parameters<Store["list"]>): Promise<string[]> {
    return prefix === "phases/" ? [] : await this.store.list(prefix, options);
  }
}
