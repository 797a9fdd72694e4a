/**
 * How large and how deep values may be. Writer and reader share these, so that whatever can be
 * saved can be loaded.
 *
 * @module
 */

/**
 * How deep objects may lie inside each other. A walk takes some 3,000 stack frames for it, and a
 * stack has room for about 10,000.
 */
export const MAX_DEPTH = 500;

/** The most entries of a Map, a Set or an object: an engine's Map can hold no more. */
export const MAX_ENTRIES = 2 ** 24;

/** The most items of an array that is not a typed one. */
export const MAX_ITEMS = 2 ** 26;

/** The most bytes of a bigint; engines end at 2^27. */
export const MAX_BIGINT_BYTES = 2 ** 24;

/** The most dimensions of a tensor. */
export const MAX_DIMENSIONS = 32;

/** The most bytes that a value may take beside its large arrays, where no other limit is given. */
export const MAX_PLAIN_BYTES = 2 ** 30;

/** How to be within the limits. */
export const SMALLER = "keep large data in typed arrays, or in more blobs";
