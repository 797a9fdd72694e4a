/**
 * What a `file:` store is given.
 *
 * @module
 */
import type { OnPoint } from "./file_commit.ts";
import type { FileSystem } from "./file_system.ts";

/** What a `file:` store may be given. */
export interface FileStoreOptions {
  /** What is beneath it; Deno's own file system where not given. */
  readonly fileSystem?: FileSystem;
  /**
   * Is called before each step of a write (`"after link"`: behind the link and before its sync),
   * with the path; for tests that stop the process there.
   */
  readonly onPoint?: OnPoint;
}
