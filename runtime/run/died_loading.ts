/**
 * Notices a job that dies each time it reads the state that it starts from.
 *
 * @module
 */
import type { CheckpointPlan } from "../../dsl/mod.ts";
import { formatRef, type ManifestRef } from "../../storage/mod.ts";
import { timeText } from "../clock.ts";
import { goBackAdvice, MOST_LISTED, SAID_FROM } from "./poisoned.ts";
import type { RunRequest } from "./run_request.ts";

/**
 * Notes that a state is about to be read, and says at the third time that those before died of it: they took
 * no attempt that could tell.
 */
export async function noteLoading(
  { checkpoints: { engine }, session }: Pick<RunRequest, "checkpoints" | "session">,
  ref: ManifestRef,
  { load, migrate = [] }: Pick<CheckpointPlan, "load" | "migrate">,
): Promise<void> {
  const diedMs = await engine.holding.noteLoading(formatRef(ref));
  if (diedMs.length < SAID_FROM - 1) return;
  const history = await (await engine.archive.store()).history();
  const listed = diedMs.slice(-MOST_LISTED).toReversed().map(timeText);
  const more = diedMs.length > MOST_LISTED ? ` and ${diedMs.length - MOST_LISTED} more` : "";
  const lazily = load === "lazy"
    ? ""
    : ', have large blobs read when they are first needed (load: "lazy" in the checkpoint plan)';
  const mending = migrate.length === 0 ? "" : ", or a migration, which is tried then";
  const message =
    `${
      diedMs.length + 1
    } starts in a row, this one among them, began to read epoch ${ref.epoch}, and ` +
    `those before it died while they did (begun ${
      listed.join("; ")
    }${more}). Nothing of it is lost. See what ` +
    `they printed last: something may end the job there each time, most often that memory runs out, or that ` +
    `whatever started it kills it before it has read it all${mending}. Give it more memory or time` +
    `${lazily}${goBackAdvice(history, ref)}`;
  session.events.emit({ type: "notice", level: "warning", message });
}
