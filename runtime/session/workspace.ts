/**
 * A node's blobs.
 *
 * @module
 */
import type { AnyBlob } from "../../dsl/mod.ts";
import { nearNames } from "../../dsl/near.ts";
import { cloneValue, findShared } from "../../storage/mod.ts";
import { UnknownNameError } from "../errors.ts";

/** A value that is read when it is first needed. */
interface LateValue {
  readonly read: () => Promise<unknown>;
  reading: Promise<void> | undefined;
}

/** The blobs of one node: values by name, and when each may last have changed. */
export class Workspace {
  readonly #values = new Map<string, unknown>();
  readonly #declared = new Map<string, AnyBlob>();
  readonly #versions = new Map<string, number>();
  readonly #late = new Map<string, LateValue>();
  readonly #derived = new Set<string>();
  #writes = 0;

  /** Names the node. */
  constructor(
    /** The node. */
    readonly node: string,
  ) {}

  /** Tells of a blob that tasks of this node use. */
  declare(blob: AnyBlob): void {
    this.#declared.set(blob.name, blob);
  }

  /** The blobs that tasks of this node use, by name. */
  get declared(): ReadonlyMap<string, AnyBlob> {
    return this.#declared;
  }

  /** Takes note of a blob that is derived, by the epoch that was loaded. */
  noteDerived(name: string): void {
    this.#derived.add(name);
  }

  /** Whether a blob is derived, as far as tasks or the epoch that was loaded say so. */
  isDerived(name: string): boolean {
    return this.#declared.get(name)?.derived ?? this.#derived.has(name);
  }

  /** The values that are set, by name. */
  get values(): ReadonlyMap<string, unknown> {
    return this.#values;
  }

  /** The names of the blobs that are set, those whose values are read later among them. */
  get names(): readonly string[] {
    return [...this.#values.keys(), ...this.#late.keys()];
  }

  /** Whether a blob is set. */
  has(name: string): boolean {
    return this.#values.has(name) || this.#late.has(name);
  }

  /** A blob's value; `undefined` where it is not set, or not read yet (see `arrive`). */
  get(name: string): unknown {
    return this.#values.get(name);
  }

  /** Sets a blob. */
  set(name: string, value: unknown): void {
    this.#late.delete(name);
    this.#values.set(name, value);
    this.touch(name);
  }

  /** Sets a blob to a value that is read when it is first needed. */
  setLate(name: string, read: () => Promise<unknown>): void {
    this.drop(name);
    this.#late.set(name, { read, reading: undefined });
    this.touch(name);
  }

  /** Whether a blob's value is still to be read. */
  isLate(name: string): boolean {
    return this.#late.has(name);
  }

  /** Whether any blob's value is. */
  get hasLate(): boolean {
    return this.#late.size > 0;
  }

  /**
   * Reads a blob's value, where that was put off: to be awaited where it gives a promise. That is no
   * change of the blob. One that fails is tried again when it is next needed.
   */
  arrive(name: string): Promise<void> | undefined {
    const late = this.#late.get(name);
    if (late === undefined) return undefined;
    late.reading ??= this.#read(name, late);
    return late.reading;
  }

  async #read(name: string, late: LateValue): Promise<void> {
    try {
      const value = await late.read();
      const declared = this.#declared.get(name);
      // It may have been set or dropped meanwhile.
      if (this.#late.get(name) === late) {
        this.#late.delete(name);
        this.#values.set(name, value);
      } else if (declared !== undefined) disposeBlob(declared, value);
    } finally {
      late.reading = undefined;
    }
  }

  /** Unsets a blob; frees the value where its codec can. */
  drop(name: string): void {
    if (this.#late.delete(name)) this.touch(name);
    if (!this.#values.has(name)) return;
    const value = this.#values.get(name);
    this.#values.delete(name);
    this.touch(name);
    const declared = this.#declared.get(name);
    if (declared !== undefined) disposeBlob(declared, value);
  }

  /** Unsets all blobs. */
  clear(): void {
    for (const name of this.names) this.drop(name);
    this.#derived.clear();
  }

  /** Says that a blob may change from now on. */
  touch(name: string): void {
    this.#versions.set(name, ++this.#writes);
  }

  /** Another blob that holds the same object as this one, or overlapping views of the same buffer. */
  sharing(name: string): string | undefined {
    const value = this.#values.get(name);
    if (typeof value !== "object" || value === null) return undefined;
    for (const [other, held] of this.#values) {
      if (other !== name && (held === value || overlap(held, value))) return other;
    }
    return undefined;
  }

  /**
   * Where another blob holds an object or memory that this one holds, at any depth: the place here,
   * and there. What has a codec is not looked into. Takes a walk through all values.
   */
  sharedWithin(
    name: string,
    which: (other: string) => boolean,
  ): readonly [string, string] | undefined {
    if (!this.#isPlain(name)) return undefined;
    for (const [other, held] of this.#values) {
      if (other === name || !which(other) || !this.#isPlain(other)) continue;
      const places = findShared([name, this.#values.get(name)], [other, held]);
      if (places !== undefined) return places;
    }
    return undefined;
  }

  #isPlain(name: string): boolean {
    return this.#declared.get(name)?.codec === undefined;
  }

  /** A number that grows whenever a blob may have changed; 0 before. */
  version(name: string): number {
    return this.#versions.get(name) ?? 0;
  }

  /**
   * Gives each declared blob that has one, and is not set, a copy of its initial value: `initial` may
   * give the same object each time.
   */
  async initialize(which: (blob: AnyBlob) => boolean = () => true): Promise<void> {
    for (const blob of this.#declared.values()) {
      if (blob.initial === undefined || this.has(blob.name) || !which(blob)) continue;
      this.set(blob.name, await copyBlob(blob, blob.initial()));
    }
  }

  /** An error that names the blobs nearest to one that is not here. */
  unknown(name: string): UnknownNameError {
    const names = new Set([...this.#declared.keys(), ...this.names]);
    return new UnknownNameError(`blob of node "${this.node}"`, name, nearNames(name, names));
  }
}

function overlap(one: unknown, other: unknown): boolean {
  return ArrayBuffer.isView(one) && ArrayBuffer.isView(other) && one.buffer === other.buffer &&
    one.byteOffset < other.byteOffset + other.byteLength &&
    other.byteOffset < one.byteOffset + one.byteLength;
}

/** Frees a value that is no longer needed, where its codec can. */
export function disposeBlob(blob: AnyBlob, value: unknown): void {
  (blob.codec?.dispose as ((value: unknown) => void) | undefined)?.(value);
}

/** A copy of a blob's value that shares nothing with it, by its codec where it has one. */
export function copyBlob(blob: AnyBlob, value: unknown): unknown {
  const codec = blob.codec;
  if (codec === undefined) return cloneValue(value, blob.name);
  return copyByCodec(codec, value, blob);
}

async function copyByCodec(
  codec: AnyBlob["codec"] & object,
  value: unknown,
  blob: AnyBlob,
): Promise<unknown> {
  const plain = cloneValue(await codec.encode(value as never), blob.name);
  return await codec.decode(plain as never);
}
