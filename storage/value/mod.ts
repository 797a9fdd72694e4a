/**
 * Values: which can be kept exactly, as which bytes.
 *
 * @module
 */
export { Aliases } from "./aliases.ts";
export { cloneValue } from "./clone.ts";
export { type Difference, firstDifference } from "./compare.ts";
export { type DecodeOptions, decodeValue } from "./decode.ts";
export { describeValue } from "./describe.ts";
export { type EncodedValue, type EncodeOptions, encodeValue } from "./encode.ts";
export { AliasedValueError, UnsupportedValueError, ValueFormatError } from "./errors.ts";
export { findShared } from "./shared.ts";
export { kindOf, kindOfType, type TypedArray, type ValueType } from "./type.ts";
export type { Owners } from "./walk.ts";
