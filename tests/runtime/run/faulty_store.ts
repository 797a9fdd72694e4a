/** A store that fails on command. */
import {
  type ObjectReader,
  type ObjectStat,
  type ReadOptions,
  type Store,
  StoreError,
  type StoreOptions,
  type StorePromises,
  UnknownOutcomeError,
  type WriteOptions,
} from "../../../storage/mod.ts";

/** Which operation is about to run. */
export type Op = "put" | "write" | "read" | "list" | "remove";

/** Passes all on to another store, but for what `fault` throws first. */
export class FaultyStore implements Store {
  /** What was done, as in `"put epochs/…"`. */
  readonly done: string[] = [];
  /** Throws where an operation is to fail. */
  fault: (op: Op, name: string) => void = () => {};
  /** Throws after an operation has had its effect. */
  after: (op: Op, name: string) => void | Promise<void> = () => {};

  constructor(readonly inner: Store) {}

  get kind(): string {
    return this.inner.kind;
  }

  get place(): string {
    return this.inner.place;
  }

  get bytesRead(): number {
    return this.inner.bytesRead;
  }

  get bytesWritten(): number {
    return this.inner.bytesWritten;
  }

  promises(options?: StoreOptions): Promise<StorePromises> {
    return this.inner.promises(options);
  }

  put(name: string, bytes: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.#do("put", name, () => this.inner.put(name, bytes, options));
  }

  write(name: string, parts: Iterable<Uint8Array>, options?: WriteOptions): Promise<number> {
    return this.#do("write", name, () => this.inner.write(name, parts, options));
  }

  get(name: string, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.#do("read", name, () => this.inner.get(name, options));
  }

  open(name: string, options?: StoreOptions): Promise<ObjectReader> {
    return this.#do("read", name, () => this.inner.open(name, options));
  }

  list(prefix: string, options?: StoreOptions): Promise<string[]> {
    return this.#do("list", prefix, () => this.inner.list(prefix, options));
  }

  remove(names: readonly string[], options?: WriteOptions): Promise<void> {
    return this.#do("remove", names.join(" "), () => this.inner.remove(names, options));
  }

  stat(name: string, options?: StoreOptions): Promise<ObjectStat | undefined> {
    return this.#do("read", name, () => this.inner.stat(name, options));
  }

  async #do<T>(op: Op, name: string, run: () => Promise<T>): Promise<T> {
    this.fault(op, name);
    const result = await run();
    this.done.push(`${op} ${name}`);
    await this.after(op, name);
    return result;
  }
}

/** A fault that hits the first `count` operations of a kind on names with a prefix. */
export function failing(
  count: number,
  op: Op,
  prefix: string,
  make: (op: Op, name: string) => Error = (op, name) =>
    new StoreError(op, name, "the disk is tired"),
): (op: Op, name: string) => void {
  let left = count;
  return (at, name) => {
    if (at === op && name.startsWith(prefix) && left-- > 0) throw make(at, name);
  };
}

/** An error after which nobody can tell whether the commit happened. */
export function unknownOutcome(op: Op, name: string): Error {
  return new UnknownOutcomeError(op, name, "the sync failed after the link");
}
