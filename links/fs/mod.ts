/**
 * Stands in for `jsr:@std/fs` where only the npm registry can be reached.
 *
 * The npm copy of the standard library lacks that package, so this is the part in use, over Deno's own file API.
 *
 * @module
 */

export { walk, type WalkEntry, type WalkOptions } from "./walk.ts";
