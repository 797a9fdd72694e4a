/**
 * Reads what tasks have done since a saved state, and tells of what of that is lost.
 *
 * @module
 */
import { type LoggedWork, type ManifestRef, readLoggedWork } from "../../storage/mod.ts";
import { damageText } from "../checkpoint/damage_text.ts";
import type { RunRequest } from "./run_request.ts";

/**
 * What earlier attempts have recorded after a state. What of it is damaged is told here, whoever reads it:
 * what is then recorded names only what is good, so that the next start finds nothing wrong.
 */
export async function readRecordedWork(
  { checkpoints: { engine }, session: { events } }: Pick<RunRequest, "checkpoints" | "session">,
  from: ManifestRef | undefined,
): Promise<LoggedWork | undefined> {
  const { store } = await engine.archive.store();
  const found = await readLoggedWork(store, from, engine.attempt);
  for (const damage of found?.damaged ?? []) {
    events.emit({ type: "notice", level: "warning", message: lostWorkText(damage) });
  }
  return found;
}

/** That what tasks had done is damaged. */
export function lostWorkText(damage: Error): string {
  return `what tasks had done is lost in part, so that they do it again, and nothing is to be done ` +
    `about it: ${damageText(damage)}`;
}
