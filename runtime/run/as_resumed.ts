/**
 * The job as a resume would compile it.
 *
 * @module
 */
import { DamagedError, type Manifest } from "../../storage/mod.ts";
import type { Archive } from "../checkpoint/archive.ts";
import { locate } from "../checkpoint/locate.ts";
import { savedSettings } from "../checkpoint/saved_settings.ts";
import { compile, type Program } from "../program.ts";
import { compileAsSaved, type JobRequest } from "./recompile.ts";
import { readUnfinished } from "./unfinished.ts";

/**
 * Compiles a job with the values of params with which it was run last, but for those given now; with
 * those of the code where nothing is saved, or nothing that can be read.
 *
 * @throws {JobError} Where the job does not allow a value that was saved.
 */
export async function compileAsResumed(
  archive: Archive,
  request: Pick<JobRequest, "job" | "params" | "seed" | "uploader">,
): Promise<Program> {
  const { job, params, uploader } = request;
  const store = await archive.store();
  const target = await locate(store, "auto");
  const history = target?.history ?? await store.history();
  const unfinished = await readUnfinished(store, history, target?.refs.at(-1));
  const newest = await readNewest(archive, target?.refs ?? []);
  const saved = unfinished ?? (newest && await savedSettings(store, newest));
  if (saved === undefined) return compile(job, { params, upload: uploader !== undefined });
  return compileAsSaved(request, saved).program;
}

/** The newest state that can be read; what is damaged is told of by whoever judges it. */
async function readNewest(
  archive: Archive,
  refs: readonly Parameters<Archive["read"]>[0][],
): Promise<Manifest | undefined> {
  for (const ref of refs.toReversed()) {
    try {
      return await archive.read(ref);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
    }
  }
  return undefined;
}
