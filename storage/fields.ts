/**
 * Reads a record's fields, strictly.
 *
 * @module
 */
import { DamagedError } from "./errors.ts";
import { isInteger, MOST_SHOWN, type RecordMap, type RecordValue } from "./record_cbor.ts";

/** The longest text that a record may have, in UTF-16 units. */
export const MAX_TEXT = 65_536;
/** The longest name of a node, a blob, a param and the like. */
export const MAX_KEY = 256;

/** One map of a record: each field is read once, and none may be left over. */
export class Fields {
  readonly #object: string;
  readonly #path: string;
  readonly #map: RecordMap;
  readonly #read = new Set<string>();

  /** Takes a map, or throws where it is none. */
  constructor(object: string, path: string, value: RecordValue | undefined) {
    this.#object = object;
    this.#path = path;
    if (!(value instanceof Map)) throw this.#damaged(path, "a map", value);
    this.#map = value as RecordMap;
  }

  /** Whether there is such a field. */
  has(name: string): boolean {
    return this.#map.has(name);
  }

  /** A whole number from `least` to `most`. */
  integer(name: string, least: number = 0, most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#take(name);
    if (
      typeof value === "number" && isInteger(value) && value >= least && value <= most
    ) {
      return value;
    }
    throw this.#damaged(name, `a whole number from ${least} to ${most}`, value);
  }

  /** Any number. */
  number(name: string): number {
    const value = this.#take(name);
    if (typeof value === "number") return value;
    throw this.#damaged(name, "a number", value);
  }

  /** Text, of at most `most` units. */
  text(name: string, most: number = MAX_TEXT): string {
    const value = this.#take(name);
    if (typeof value === "string" && value.length <= most) return value;
    throw this.#damaged(name, `text of at most ${most} characters`, value);
  }

  /** One of a few texts. */
  choice<const T extends string>(name: string, choices: readonly T[]): T {
    const value = this.#take(name);
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.#damaged(name, `one of ${choices.join(", ")}`, value);
  }

  /** `true` or `false`. */
  boolean(name: string): boolean {
    const value = this.#take(name);
    if (typeof value === "boolean") return value;
    throw this.#damaged(name, "true or false", value);
  }

  /** Bytes, as a view on the record's own, or of exactly `length`. */
  bytes(name: string, most: number): Uint8Array {
    const value = this.#take(name);
    if (value instanceof Uint8Array && value.byteLength <= most) return value;
    throw this.#damaged(name, `at most ${most} bytes`, value);
  }

  /** An array of at most `most` items. */
  array(name: string, most: number): readonly RecordValue[] {
    const value = this.#take(name);
    if (Array.isArray(value) && value.length <= most) return value;
    throw this.#damaged(name, `an array of at most ${most} items`, value);
  }

  /** A map's fields. */
  fields(name: string): Fields {
    return new Fields(this.#object, this.#at(name), this.#take(name));
  }

  /** A map of at most `most` names to values that `parse` reads, as a plain object. */
  record<T>(
    name: string,
    most: number,
    parse: (entry: Fields, key: string) => T,
  ): Record<string, T> {
    const map = this.#take(name);
    if (!(map instanceof Map) || map.size > most) {
      throw this.#damaged(name, `a map of at most ${most} names`, map);
    }
    const inner = new Fields(this.#object, this.#at(name), map as RecordMap);
    const entries: [string, T][] = [];
    for (const key of map.keys()) {
      if (key.length > MAX_KEY) throw inner.#damaged(key, "a name of bounded length", key);
      entries.push([key, parse(inner, key)]);
    }
    // `fromEntries` defines own fields, whatever their names are.
    return Object.fromEntries(entries);
  }

  /** A field's value as it is. */
  value(name: string): RecordValue | undefined {
    return this.#take(name);
  }

  /** Throws where a field was not read: this version knows every field that it writes. */
  end(): void {
    for (const key of this.#map.keys()) {
      if (!this.#read.has(key)) throw this.#damaged(key, "no such field", this.#map.get(key));
    }
  }

  /** The error of a field that is not as it should be. */
  damaged(name: string, expected: string, found: string): DamagedError {
    const at = this.#at(name);
    const short = at.length > MOST_SHOWN ? `${at.slice(0, MOST_SHOWN)}…` : at;
    return new DamagedError(this.#object, `${expected} in ${short}`, found);
  }

  #take(name: string): RecordValue | undefined {
    this.#read.add(name);
    return this.#map.get(name);
  }

  #at(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  #damaged(name: string, expected: string, found: RecordValue | undefined): DamagedError {
    return this.damaged(name, expected, describe(found));
  }
}

function describe(value: RecordValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (value instanceof Map) return `a map of ${value.size}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return JSON.stringify(value)?.slice(0, 100) ?? String(value);
}
