/**
 * A digest of a value that owes nothing to the product's codec, so that a codec that loses something
 * does not lose it here too: two values have one digest where they are equal under `Object.is`, part by
 * part.
 */

import { createHash, type Hash } from "node:crypto";

/** The digest of a value, in hexadecimal digits. */
export function digestOf(value: unknown): string {
  const hash = createHash("sha256");
  put(hash, value);
  return hash.digest("hex");
}

function put(hash: Hash, value: unknown): void {
  switch (typeof value) {
    case "number":
      hash.update("number ").update(bytesOfNumber(value));
      return;
    case "string":
      putText(hash, "string", value);
      return;
    case "bigint":
    case "boolean":
    case "undefined":
      putText(hash, typeof value, String(value));
      return;
    case "object":
      return value === null ? void hash.update("null ") : putObject(hash, value);
    default:
      throw new TypeError(`a blob holds a ${typeof value}`);
  }
}

function putObject(hash: Hash, value: object): void {
  const kind = Object.prototype.toString.call(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  const maker = prototype === null ? "none" : (value.constructor as { name?: string }).name ?? "";
  putText(hash, kind, maker);
  if (ArrayBuffer.isView(value)) return putView(hash, value);
  if (value instanceof ArrayBuffer) return putBytes(hash, new Uint8Array(value));
  if (value instanceof Date) return put(hash, value.getTime());
  if (value instanceof Map) {
    putText(hash, "size", String(value.size));
    for (const [key, item] of value) {
      put(hash, key);
      put(hash, item);
    }
  }
  if (value instanceof Set) {
    putText(hash, "size", String(value.size));
    for (const item of value) put(hash, item);
  }
  if (Array.isArray(value)) putText(hash, "length", String(value.length));
  for (const key of Reflect.ownKeys(value)) {
    if (Array.isArray(value) && key === "length") continue;
    putText(hash, "key", String(key));
    put(hash, Reflect.get(value, key));
  }
}

/** All NaNs are alike, whatever their bits are. */
function putView(hash: Hash, view: ArrayBufferView): void {
  if (view instanceof Float32Array || view instanceof Float64Array) {
    const alike = view.slice();
    for (let index = 0; index < alike.length; index++) {
      if (Number.isNaN(alike[index])) alike[index] = NaN;
    }
    view = alike;
  }
  putBytes(hash, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}

function putBytes(hash: Hash, bytes: Uint8Array): void {
  putText(hash, "bytes", String(bytes.byteLength));
  hash.update(bytes);
}

function putText(hash: Hash, kind: string, text: string): void {
  // As UTF-16, so that lone surrogates differ.
  const units = Uint16Array.from(text, (_, index) => text.charCodeAt(index));
  hash.update(`${kind} ${text.length} `).update(new Uint8Array(units.buffer));
}

function bytesOfNumber(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(Number.isNaN(value) ? NaN : value).buffer);
}
