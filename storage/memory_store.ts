/**
 * The `memory:` store: objects that live as long as the process.
 *
 * @module
 */
import { ObjectExistsError, ObjectNotFoundError, PromiseError } from "./errors.ts";
import type { Holder, HoldRequest, HoldResult } from "./hold.ts";
import { readRange } from "./file_object.ts";
import { checkName, checkPrefix } from "./names.ts";
import type {
  LogWriter,
  ObjectReader,
  ObjectStat,
  ReadOptions,
  Store,
  StoreOptions,
  StorePromises,
  WriteOptions,
} from "./store.ts";
import { covers } from "./store.ts";

/** What a log takes at first. */
const LEAST_LOG_BYTES = 1024;

type Objects = Map<string, Uint8Array<ArrayBuffer>>;

const stores = new Map<string, Objects>();
/** Who holds which of them. */
const holders = new Map<string, HoldRequest>();

const PROMISES: StorePromises = {
  linearizableCreate: true,
  durability: "none",
  reasons: ["memory ends with its process"],
};

/** A store in this process's memory. Stores of one name are one store. */
export class MemoryStore implements Store {
  /** The kind. */
  readonly kind = "memory";
  /** The place. */
  readonly place: string;
  /** How many bytes of objects were read through this value. */
  bytesRead = 0;
  /** How many bytes of objects were written through this value. */
  bytesWritten = 0;
  readonly #name: string;

  /** Names a store; without a name it is one of its own. */
  constructor(name: string = crypto.randomUUID()) {
    this.#name = name;
    this.place = `memory:${name}`;
  }

  /** That creation is linearizable, and no durability. */
  async promises({ signal }: StoreOptions = {}): Promise<StorePromises> {
    await check(signal, () => {});
    return PROMISES;
  }

  /** Commits a whole object. */
  async put(name: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    await this.write(name, [bytes], options);
  }

  /** Writes an object from its parts. */
  async write(
    name: string,
    parts: Iterable<Uint8Array>,
    { signal, durability = "none" }: WriteOptions = {},
  ): Promise<number> {
    await check(signal, () => checkName(name));
    if (!covers(PROMISES.durability, durability)) {
      const mend = 'ask for "none", or name a file: place';
      throw new PromiseError(this.place, `durability "${durability}"`, PROMISES.reasons, mend);
    }
    if (this.#objects.has(name)) {
      throw new ObjectExistsError("write", name, "it exists, and nothing is overwritten");
    }
    const list: Uint8Array[] = [];
    for (const part of parts) {
      signal?.throwIfAborted();
      list.push(part);
    }
    const bytes = new Uint8Array(list.reduce((sum, part) => sum + part.byteLength, 0));
    let at = 0;
    for (const part of list) {
      bytes.set(part, at);
      at += part.byteLength;
    }
    this.#create().set(name, bytes);
    this.bytesWritten += at;
    return at;
  }

  /** Creates an object that grows. */
  async createLog(name: string, { signal }: WriteOptions = {}): Promise<LogWriter> {
    await check(signal, () => checkName(name));
    if (this.#objects.has(name)) {
      throw new ObjectExistsError("write", name, "it exists, and nothing is overwritten");
    }
    let memory = new Uint8Array(LEAST_LOG_BYTES);
    let length = 0;
    const append = (bytes: Uint8Array): Promise<void> => {
      if (length + bytes.byteLength > memory.byteLength) {
        const larger = new Uint8Array(Math.max(2 * memory.byteLength, length + bytes.byteLength));
        larger.set(memory);
        memory = larger;
      }
      memory.set(bytes, length);
      length += bytes.byteLength;
      this.bytesWritten += bytes.byteLength;
      this.#create().set(name, memory.subarray(0, length));
      return Promise.resolve();
    };
    return { append, close: () => {} };
  }

  /** Shares the bytes of another memory store's object. */
  async adopt(
    name: string,
    from: Store,
    fromName: string,
    { signal }: WriteOptions = {},
  ): Promise<boolean> {
    await check(signal, () => checkName(name));
    if (!(from instanceof MemoryStore)) return false;
    const bytes = from.#objects.get(fromName);
    if (bytes === undefined) {
      throw new ObjectNotFoundError("read", fromName, `there is no such object in ${from.place}`);
    }
    if (this.#objects.has(name)) {
      throw new ObjectExistsError("write", name, "it exists, and nothing is overwritten");
    }
    this.#create().set(name, bytes);
    return true;
  }

  /** Takes the hold of the store of this name. */
  async hold(request: HoldRequest, { signal }: StoreOptions = {}): Promise<HoldResult> {
    await check(signal, () => {});
    const name = this.#name;
    const holder = holders.get(name);
    if (holder !== undefined) return { holder: { ...holder, beatAgoMs: 0 } };
    holders.set(name, request);
    const release = (): Promise<void> => {
      if (holders.get(name) === request) holders.delete(name);
      return Promise.resolve();
    };
    return { hold: { release } };
  }

  /** Who has the hold of the store of this name. */
  async holder({ signal }: StoreOptions = {}): Promise<Holder | undefined> {
    await check(signal, () => {});
    const holder = holders.get(this.#name);
    return holder && { ...holder, beatAgoMs: 0 };
  }

  /** Reads an object, or a range of it. */
  async get(name: string, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    using reader = await this.open(name, options);
    return await readRange(reader, options);
  }

  /** Opens an object for reading. */
  async open(name: string, { signal }: StoreOptions = {}): Promise<ObjectReader> {
    await check(signal, () => checkName(name));
    const bytes = this.#objects.get(name);
    if (bytes === undefined) {
      throw new ObjectNotFoundError("read", name, `there is no such object in ${this.place}`);
    }
    return {
      byteLength: bytes.byteLength,
      readAt: (offset, into) => {
        const part = bytes.subarray(offset, offset + into.byteLength);
        into.set(part);
        this.bytesRead += part.byteLength;
        return Promise.resolve(part.byteLength);
      },
      [Symbol.dispose]: () => {},
    };
  }

  /** The names of the objects directly below a prefix, sorted. */
  async list(prefix: string, { signal }: StoreOptions = {}): Promise<string[]> {
    await check(signal, () => checkPrefix(prefix));
    const found = new Set<string>();
    for (const name of this.#objects.keys()) {
      if (!name.startsWith(prefix)) continue;
      const rest = name.slice(prefix.length);
      const end = rest.indexOf("/");
      found.add(prefix + (end < 0 ? rest : rest.slice(0, end)));
    }
    return [...found].sort();
  }

  /** Removes objects, in the order given. */
  async remove(names: readonly string[], { signal }: WriteOptions = {}): Promise<void> {
    for (const name of names) {
      await check(signal, () => checkName(name));
      this.#objects.delete(name);
    }
  }

  /** An object's facts, or `undefined` where there is none. */
  async stat(name: string, { signal }: StoreOptions = {}): Promise<ObjectStat | undefined> {
    await check(signal, () => checkName(name));
    const bytes = this.#objects.get(name);
    return bytes === undefined ? undefined : { byteLength: bytes.byteLength };
  }

  get #objects(): ReadonlyMap<string, Uint8Array<ArrayBuffer>> & Pick<Objects, "delete"> {
    return stores.get(this.#name) ?? new Map();
  }

  #create(): Objects {
    let objects = stores.get(this.#name);
    if (objects === undefined) stores.set(this.#name, objects = new Map());
    return objects;
  }
}

/** Rejects, and does not throw, where an operation may not begin. */
function check(signal: AbortSignal | undefined, validate: () => void): Promise<void> {
  return new Promise((resolve) => {
    signal?.throwIfAborted();
    validate();
    resolve();
  });
}
