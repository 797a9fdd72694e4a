/**
 * What is known of derived blobs: their digests.
 *
 * @module
 */
import { accessKey } from "../../dsl/access.ts";
import type { AnyBlob } from "../../dsl/mod.ts";
import { digestValue, type SavedDigests } from "../../storage/mod.ts";
import type { PlacedBlob } from "../program.ts";

/** The digest of a blob's value; of one with a codec, of what that makes of it. */
export async function digestOfBlob(
  { name, codec }: AnyBlob,
  value: unknown,
  signal: AbortSignal,
): Promise<string> {
  const plain = codec === undefined ? value : await codec.encode(value as never);
  return await digestValue(plain, { name, signal });
}

/** The digests of a job's derived blobs: those that were saved, until they are made again. */
export class DerivedDigests {
  readonly #blobs: readonly PlacedBlob[];
  readonly #known = new Map<string, string | null>();

  /** Takes the blobs, and what was saved; of blobs that the job no longer has it is forgotten. */
  constructor(blobs: readonly PlacedBlob[], saved: SavedDigests = {}) {
    this.#blobs = blobs;
    for (const placed of blobs) {
      const digest = saved[placed.node]?.[placed.blob.name];
      if (digest !== undefined) this.set(placed, digest);
    }
  }

  /** A blob's digest; `null` where it was not set, `undefined` where nobody knows. */
  get(placed: PlacedBlob): string | null | undefined {
    return this.#known.get(accessKey(placed));
  }

  /** Takes note of a blob's digest. */
  set(placed: PlacedBlob, digest: string | null): void {
    this.#known.set(accessKey(placed), digest);
  }

  /** Whether those that were known then are the same now. */
  isSame(then: SavedDigests): boolean {
    return this.#blobs.every((placed) => {
      const digest = then[placed.node]?.[placed.blob.name];
      return digest === undefined || digest === this.get(placed);
    });
  }

  /** What is saved; nothing where there is none. */
  save(): SavedDigests | undefined {
    if (this.#known.size === 0) return undefined;
    const nodes: Record<string, Record<string, string | null>> = {};
    for (const placed of this.#blobs) {
      const digest = this.get(placed);
      if (digest !== undefined) (nodes[placed.node] ??= {})[placed.blob.name] = digest;
    }
    return nodes;
  }
}
