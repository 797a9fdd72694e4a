import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  type Attempt,
  type BlobToSave,
  type CheckpointStore,
  encodeValue,
  FileStore,
  firstDifference,
  type Manifest,
  type ManifestRef,
  MemoryStore,
  type RunState,
  type SaveRequest,
  Snapshot,
  type Store,
  StoreError,
} from "../../storage/mod.ts";
import { temporaryFolder } from "./watched_file_system.ts";

export const ENVIRONMENT = { deno: "2.9.6", arch: "x86_64", tidemark: "0.1.0" };

/** A run's state with something in each field. */
export const RUN: RunState = {
  seed: 7,
  branch: 1,
  params: { "learning-rate": 0.1, workers: 3, name: "näme", fast: true, zero: -0 },
  elapsedMs: 1234.5,
  stop: "epochs(3)",
  conditions: {
    plateau: { best: -0, waited: [1, NaN, undefined] },
    history: new Float32Array([1, 2]),
  },
  cursors: {
    main: {
      images: { position: 3, pass: 1, length: 10 },
      fresh: { position: 0, pass: 0, length: -1 },
    },
  },
  stamps: { "main/images": new Map([["size", 10n]]) },
  derived: { main: { images: "0123456789abcdef".repeat(4), labels: null }, other: {} },
  migrated: ["split", "näme"],
  environment: ENVIRONMENT,
};

/** With what attempts begin. */
export const START = {
  seed: 7,
  params: RUN.params,
  environment: ENVIRONMENT,
  createdAtMs: 1_700_000_000_000,
};

/** A value, encoded. */
export function value(of: unknown): BlobToSave {
  return { encoded: encodeValue(of), codec: false };
}

/** What a save takes, with what matters to a test. */
export function request(given: Partial<SaveRequest> & Pick<SaveRequest, "epoch">): SaveRequest {
  return { phase: "epoch", parent: undefined, run: RUN, metrics: {}, nodes: {}, ...given };
}

/** Begins an attempt that starts from `parent`. */
export async function begin(store: CheckpointStore, parent?: ManifestRef): Promise<Attempt> {
  const attempt = await store.begin(START);
  await attempt.recordParent(parent);
  return attempt;
}

/** Saves the next state of an attempt. */
export async function save(
  attempt: Attempt,
  epoch: number,
  nodes: SaveRequest["nodes"] = {},
  more: Partial<SaveRequest> = {},
): Promise<Manifest> {
  const saved = await attempt.save(request({ epoch, nodes, parent: attempt.last, ...more }));
  return saved.manifest;
}

/** Bytes that differ from place to place, so that a shift is seen. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Registers a test for both kinds of store. */
export function testBoth(
  name: string,
  run: (under: { readonly store: Store; readonly reopen: () => Store }) => Promise<void>,
): void {
  Deno.test(`${name} (memory:)`, async () => {
    const named = crypto.randomUUID();
    await run({ store: new MemoryStore(named), reopen: () => new MemoryStore(named) });
  });
  Deno.test(`${name} (file:)`, async () => {
    await using folder = await temporaryFolder();
    const root = join(folder.path, "job");
    await run({ store: new FileStore(root), reopen: () => new FileStore(root) });
  });
}

/** Checks blobs one by one, as records put them in another order; differences of large arrays are named, not shown. */
export function assertSameBlobs(
  actual: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): void {
  assertEquals(Object.keys(actual).sort(), Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    assertEquals(firstDifference(actual[name], value), undefined, name);
  }
}

/** All objects of a store, by name. */
export async function objects(store: Store, prefix = ""): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>();
  for (const name of await store.list(prefix)) {
    if (/\.(cbor|pack|log)$/.test(name)) all.set(name, await store.get(name));
    else for (const [deep, bytes] of await objects(store, `${name}/`)) all.set(deep, bytes);
  }
  return all;
}

/** A store with some operations of its own; the rest goes to the real one. */
export function overriding(store: Store, own: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, key) {
      const found: unknown = Reflect.get(Object.hasOwn(own, key) ? own : target, key);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}

/** A store from which no epoch can be removed. */
export function keepingEpochs(store: Store): Store {
  return overriding(store, {
    remove: async (names, options) => {
      if (names.some((name) => name.startsWith("epochs/"))) {
        throw new StoreError("remove", "epochs", "the disk says no");
      }
      await store.remove(names, options);
    },
  });
}

/** Bytes in memory that threads share. */
export function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}

/** A value as a save takes it, in memory that threads share. */
export function taken(bytes: Uint8Array): BlobToSave {
  return { codec: false, ...new Snapshot().update(encodeValue(bytes)) };
}
