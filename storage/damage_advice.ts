/**
 * What to do about an object that is damaged, by what it is.
 *
 * @module
 */
import { FOLDERS } from "./layout.ts";

/** What to do, and what it costs, in words. */
export function damageAdvice(object: string): string {
  if (object === "job.cbor") {
    return "It says only whose checkpoints these are: bring it back from a copy; or, where they are this job's, " +
      "move it away, and the next start writes it anew";
  }
  if (object.startsWith(FOLDERS.tasks)) {
    return "No epoch needs it: what tasks had recorded there they do again";
  }
  if (object.startsWith(FOLDERS.attempts)) {
    return object.endsWith(".parent.cbor")
      ? "What that attempt saved stays, and mostly says where it began; where it cannot, it lies beside the " +
        "current line: ls shows it, and --from EPOCH@aATTEMPT goes on from it"
      : "No epoch is lost by it: a resume cannot say what was edited since that attempt, and goes on all the same";
  }
  if (object.startsWith(FOLDERS.phases)) {
    return "A resume of the newest epoch runs that phase again; or bring the file back from a copy";
  }
  if (object.startsWith(FOLDERS.epochs) || object.startsWith(FOLDERS.packs)) {
    return "Resume from an earlier epoch, or bring the file back from a copy";
  }
  return "Bring it back from a copy";
}
