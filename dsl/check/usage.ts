/**
 * Which nodes write and use which blobs.
 *
 * @module
 */
import type { Layout } from "../layout.ts";
import type { AnyBlob } from "../token.ts";

const NONE: ReadonlySet<string> = new Set();

/** Which nodes write and use which blobs, by the blobs' names, so that each look-up is one step. */
export class Usage {
  readonly #writers = new Map<string, Set<string>>();
  readonly #writersBeforeSaves = new Map<string, Set<string>>();
  readonly #users = new Map<string, Set<string>>();

  /** Collects from a job's groups. */
  constructor(layouts: Readonly<Record<"init" | "epoch" | "download" | "exit", Layout>>) {
    for (const [phase, { steps }] of Object.entries(layouts)) {
      const isSavedAfter = phase === "init" || phase === "epoch";
      for (const { node, reads, writes } of steps) {
        for (const write of writes) {
          add(this.#writers, write.blob, write.node);
          add(this.#users, write.blob, write.node);
          if (isSavedAfter) add(this.#writersBeforeSaves, write.blob, write.node);
        }
        for (const read of reads) if (read.node === node) add(this.#users, read.blob, node);
      }
    }
  }

  /** The nodes on which a task writes a blob. */
  writers(blob: AnyBlob): ReadonlySet<string> {
    return this.#writers.get(blob.name) ?? NONE;
  }

  /** The same, of the init and epoch groups alone: what is there when an epoch is saved. */
  writersBeforeSaves(blob: AnyBlob): ReadonlySet<string> {
    return this.#writersBeforeSaves.get(blob.name) ?? NONE;
  }

  /** The nodes whose own tasks read or write a blob of their node. */
  users(blob: AnyBlob): ReadonlySet<string> {
    return this.#users.get(blob.name) ?? NONE;
  }
}

function add(map: Map<string, Set<string>>, blob: AnyBlob, node: string): void {
  const nodes = map.get(blob.name);
  if (nodes === undefined) map.set(blob.name, new Set([node]));
  else nodes.add(node);
}
