/**
 * Notes that a run was told to stop before its journal was open.
 *
 * @module
 */
import { settleWork } from "../../storage/mod.ts";
import { epochMs } from "../clock.ts";
import { STOPPED_KEY } from "../journal/recorded.ts";
import { readRecordedWork } from "./recorded_work.ts";
import type { RunRequest } from "./run_request.ts";
import type { Start } from "./start.ts";

/**
 * Tells the next start that this one did not die. What was recorded before is gone on from as it is, so
 * that the next start judges it as this one would have; what of it is lost is told now.
 *
 * @throws {FencedError} Where a newer attempt has taken over.
 * @throws {StoreError} Where that cannot be recorded.
 */
export async function noteEarlyStop(
  request: Pick<RunRequest, "checkpoints" | "session">,
  { from, progress, program, migrations: { applied }, workBranch }: Start,
): Promise<void> {
  const { engine } = request.checkpoints;
  const { current } = engine.attempts;
  if (current === undefined) return;
  const checkpoints = await engine.archive.store();
  const found = await readRecordedWork(request, from);
  // What nobody knows the head of is not gone on from.
  const work = found?.head === undefined ? undefined : found;
  const head = work?.head ?? {
    ...{ branch: progress.branch, seed: progress.seed, params: program.params },
    derived: progress.derived.save(),
    migrated: applied.length === 0 ? undefined : applied,
  };
  // The next start goes on with the branch that this one has recorded.
  const branch = head.branch === workBranch ? progress.branch : head.branch;
  await settleWork(checkpoints, from, work);
  const sources = work?.sources ?? [];
  const log = current.beginLog({ ...head, branch, after: from, sources });
  try {
    const site = { phase: "epoch", epoch: progress.epoch, id: "" } as const;
    await log.append([{ kind: "time", ...site, key: STOPPED_KEY, ms: epochMs() }]);
  } finally {
    log.close();
  }
}
