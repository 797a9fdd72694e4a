/**
 * Stands in for `jsr:@std/assert` where only the npm registry can be reached.
 *
 * The code is the standard library's own, republished in `npm:deno-std`; that package ships no types.
 *
 * @module
 */

// @ts-types="./types.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
