/**
 * What is to be said of attempts of which no record is left.
 *
 * @module
 */
import { formatRef, type History } from "../../storage/mod.ts";

/** The most attempts of which it is said. */
const MOST_SAID = 5;

/**
 * What lies beside the current line and may be the end of it: what attempts have saved that are newer than
 * the line's newest, and of which no record says where they belong.
 */
export function unrecordedWarnings(
  { attempts, manifests, unrecorded }: Pick<History, "attempts" | "manifests" | "unrecorded">,
): readonly string[] {
  const head = attempts.findLast(({ isStarted }) => isStarted)?.attempt ?? 0;
  return unrecorded.filter((attempt) => attempt > head).slice(-MOST_SAID).map((attempt) => {
    const saved = manifests.filter((ref) => ref.attempt === attempt);
    const names = [...new Set([saved.at(0), saved.at(-1)])]
      .flatMap((ref) => ref === undefined ? [] : formatRef(ref));
    const epoch = saved.findLast(({ phase }) => phase === "epoch");
    const instead = epoch === undefined
      ? ""
      : `; or resume with --from ${formatRef(epoch)}, on a new line`;
    return `attempt ${attempt} has saved ${
      names.join(" to ")
    }, but neither of its records is left to say where ` +
      `that belongs, and so it lies beside the current line, and a resume goes on from before it. To go on from ` +
      `there, bring them back from a copy before anything else goes on (verify names them)${instead}`;
  });
}
