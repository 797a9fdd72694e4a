/**
 * The copies that tasks are given of blobs whose codec can free values.
 *
 * @module
 */
import type { AnyBlob } from "../../dsl/mod.ts";
import { isThenable } from "../task/turn.ts";
import { copyBlob, disposeBlob, type Workspace } from "./workspace.ts";

/** Makes copies for one run of a group, and frees them at its end. */
export class Copies {
  readonly #made: [AnyBlob, unknown][] = [];
  #isReleased = false;

  /** A copy of a blob's value, or a promise of it. */
  make(blob: AnyBlob, value: unknown): unknown {
    const copy = copyBlob(blob, value);
    if (blob.codec?.dispose === undefined || !isThenable(copy)) return copy;
    return copy.then((made) => {
      // A task that was ended meanwhile does not get it any more.
      if (this.#isReleased) disposeBlob(blob, made);
      else this.#made.push([blob, made]);
      return made;
    });
  }

  /** Frees all but those that a task has returned, so that a workspace holds them now. */
  release(workspaces: readonly Workspace[]): void {
    this.#isReleased = true;
    for (const [blob, made] of this.#made.splice(0)) {
      const isHeld = workspaces.some(({ values }) => [...values.values()].includes(made));
      if (!isHeld) disposeBlob(blob, made);
    }
  }
}
