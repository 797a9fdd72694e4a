/** What power cuts must not have taken. */

import { DamagedError, type ManifestRef } from "../../storage/mod.ts";
import { decodeRemoval } from "../../storage/job_record.ts";
import type { Image } from "../simulation/image.ts";
import { ROOT } from "../simulation/runner.ts";

/** A power cut. */
export interface PowerCut {
  /** States in which it may have left the disk. */
  readonly states: readonly Image[];
  /** Saves that were acknowledged, and that nobody was removing. */
  readonly saves: readonly ManifestRef[];
  /** States that were pinned. */
  readonly pinned: readonly ManifestRef[];
  /** Where attempts start from that had saved something. */
  readonly parents: ReadonlyMap<number, ManifestRef | undefined>;
  /** The names of what fenced attempts had saved. */
  readonly fenced: ReadonlySet<string>;
}

/** What lies in the job's folder, by name. */
export function filesOf(image: Image): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const walk = (folder: number, path: string): void => {
    for (const name of image.names(folder)) {
      const node = image.entry(folder, name);
      const file = node === undefined ? undefined : image.files.get(node);
      if (file !== undefined) found.set(`${path}/${name}`.slice(ROOT.length + 1), file.bytes);
      else if (node !== undefined) walk(node, `${path}/${name}`);
    }
  };
  walk(0, "");
  return found;
}

/** Whether a power cut has torn a removal's record, which is not synced. */
export function isTorn(name: string, bytes: Uint8Array): boolean {
  try {
    decodeRemoval(name, bytes);
    return false;
  } catch (error) {
    if (error instanceof DamagedError) return true;
    throw error;
  }
}
