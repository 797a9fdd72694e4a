/**
 * Builds that are broken on purpose, so that the check of a killed and resumed run is seen to fail.
 *
 * The product has no switch for this: what is broken is broken here, in the child process. Where
 * that can be, it is the store given to the manager; else a method of the product is replaced. A
 * broken build is broken in all of a trial's processes, and what they are told is what those of a
 * whole build are told.
 */

import { CheckpointStore, type Manifest, type RunState, type Store } from "tidemark";
import type { BlockRef } from "../../storage/manifest.ts";
import { LatePackStore, NoPhasesStore, StaleListStore } from "./broken_store.ts";
import { BlobLayout } from "../../storage/pack.ts";
import { ValueWriter } from "../../storage/value/writer.ts";

/** The ways in which a build can be broken. */
export const breakages = [
  "rng not restored",
  "param defaults used on resume",
  "cursors not restored",
  "epoch run twice",
  "newest epoch not found",
  "phase repeated",
  "phase skipped",
  "changed block not written",
  "minus zero not written",
  "manifest linked before its pack",
] as const;

/** A way in which a build is broken. */
export type Breakage = typeof breakages[number];

/** Breaks the code of this process, where that is how the build is broken. */
export function breakCode(broken: Breakage): void {
  switch (broken) {
    case "rng not restored":
      return misreadRun(() => ({ seed: 0 }));
    case "param defaults used on resume":
      return misreadRun(() => ({ params: {} }));
    case "cursors not restored":
      return misreadRun(() => ({ cursors: {} }));
    case "epoch run twice":
      return misread((manifest) => ({ ...manifest, epoch: Math.max(0, manifest.epoch - 1) }));
    case "phase skipped":
      return takeDownloadForExit();
    case "changed block not written":
      return carryStaleBlock();
    case "minus zero not written":
      return dropMinusZero();
  }
}

/** The store of a build, whole or broken. */
export function breakStore(store: Store, broken: Breakage | undefined): Store {
  switch (broken) {
    case "newest epoch not found":
      return new StaleListStore(store);
    case "phase repeated":
      return new NoPhasesStore(store);
    case "manifest linked before its pack":
      return new LatePackStore(store);
    default:
      return store;
  }
}

/** A resume is given something else than what the manifest says. */
function misread(change: (manifest: Manifest) => Manifest): void {
  const { readManifest } = CheckpointStore.prototype;
  CheckpointStore.prototype.readManifest = async function (...args) {
    return change(await readManifest.apply(this, args));
  };
}

/** A resume is given something else than the run's state that was saved. */
function misreadRun(change: () => Partial<RunState>): void {
  misread((manifest) => ({ ...manifest, run: { ...manifest.run, ...change() } }));
}

/** Where the download is recorded, the exit is taken to be done as well. */
function takeDownloadForExit(): void {
  const { history, readManifest } = CheckpointStore.prototype;
  CheckpointStore.prototype.history = async function (...args) {
    const found = await history.apply(this, args);
    const line = found.line.map((ref) =>
      ref.phase === "download" ? { ...ref, phase: "exit" } as const : ref
    );
    return { ...found, line };
  };
  CheckpointStore.prototype.readManifest = function (ref, ...rest) {
    const { phase } = ref;
    return readManifest.call(
      this,
      phase === "exit" ? { ...ref, phase: "download" } : ref,
      ...rest,
    );
  };
}

/** Values are written with 0 for -0. */
function dropMinusZero(): void {
  const { leaf } = ValueWriter.prototype;
  ValueWriter.prototype.leaf = function (value) {
    leaf.call(this, Object.is(value, -0) ? 0 : value);
  };
}

/** From the second save on, the second block of a blob is said to be where the save before had it. */
function carryStaleBlock(): void {
  const before = new Map<string, BlockRef>();
  const { add } = BlobLayout.prototype;
  BlobLayout.prototype.add = function (blob) {
    const entry = add.call(this, blob);
    if ("absent" in entry || "carry" in blob || entry.blocks === undefined) return entry;
    const [first, second, ...rest] = entry.blocks;
    if (first === undefined || second === undefined) return entry;
    const node = this.fresh.name.split(".")[1] ?? "";
    const stale = before.get(node);
    before.set(node, stale ?? second);
    return { ...entry, blocks: [first, stale ?? second, ...rest] };
  };
}
