/**
 * Decodes values, trusting nothing in their bytes.
 *
 * @module
 */
import { checkByteOrder } from "./byte_order.ts";
import { ValueFormatError } from "./errors.ts";
import { makeArray, makeTensor, ValueReader } from "./reader.ts";
import { kindOf, type ValueType } from "./type.ts";

/** How bytes are decoded. */
export interface DecodeOptions {
  /**
   * Whether a typed array, a tensor or an ArrayBuffer may take over the memory of `bytes`, so that
   * nothing is copied. It does where `bytes` are all of their buffer.
   */
  readonly transfer?: boolean;
}

/**
 * The value of bytes that {@linkcode encodeValue} made. It shares no memory with them, unless
 * `transfer` lets it.
 *
 * Each value has one encoding only, and any other one that would mean the same is refused: what is
 * read here, {@linkcode encodeValue} makes the same bytes of. The memory that is asked for is at most some 200
 * times as large as `bytes` (an empty ArrayBuffer takes one byte), whatever lengths they claim.
 *
 * @throws {ValueFormatError} Where they are not what the type says.
 */
export function decodeValue(
  type: ValueType,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): unknown {
  checkByteOrder();
  if (type.kind === "cbor") {
    const value = new ValueReader(bytes).all();
    const kind = kindOf(value);
    if (kind !== type.is) throw new ValueFormatError(0, type.is.slice(0, 64), kind);
    return value;
  }
  const buffer = ownBuffer(bytes, options.transfer === true);
  if (type.kind === "bytes") return buffer;
  const data = makeArray(type.tag, buffer, 0);
  return type.shape === undefined ? data : makeTensor(type.shape, data, 0);
}

function ownBuffer(bytes: Uint8Array, transfer: boolean): ArrayBuffer {
  const { buffer, byteLength } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength &&
    !buffer.resizable;
  return transfer && isWhole ? buffer : new Uint8Array(bytes).buffer;
}
