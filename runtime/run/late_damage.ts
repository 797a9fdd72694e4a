/**
 * Goes back over damage that a task is the first to read.
 *
 * @module
 */
import { CheckpointNotFoundError, type CheckpointStore, FencedError } from "../../storage/mod.ts";
import { damageText } from "../checkpoint/damage_text.ts";
import { LateDamageError } from "../checkpoint/late.ts";
import { StoppedError } from "../errors.ts";
import { unresponsiveIn } from "../task/halt.ts";
import { Run } from "./run.ts";
import type { RunRequest } from "./run_request.ts";
import type { RunResult } from "./run_result.ts";
import { chooseStart } from "./start.ts";
import { endedBy } from "./stops.ts";

/** Runs a job, and once more where a task is the first to read what is damaged. */
export class RunPastDamage {
  readonly #request: RunRequest;
  #run: Run;
  #savedBefore: number | undefined;

  /** Takes what is to be run. */
  constructor(request: RunRequest) {
    this.#request = request;
    this.#run = new Run(request);
  }

  /** The last epoch that is saved; that of the first start as long as the second has not found where it starts. */
  get lastSaved(): number | undefined {
    return this.#run.lastSaved ?? this.#savedBefore;
  }

  /** How many epochs have been run since the last start. */
  get ran(): number {
    return this.#run.ran;
  }

  /**
   * Runs the job to its end. Where damage is read late the run starts again, reading all at its start, so
   * that it goes back over the damage, or is refused, as if it had been read so at first: what has been
   * saved meanwhile names what is damaged too. It has the job's hold, or the right to go without it,
   * from the first start to the end of the last.
   *
   * @throws What the run has failed with.
   */
  async run(): Promise<RunResult> {
    const start = await chooseStart(this.#request);
    try {
      return await this.#run.run(start).catch(async (thrown) => await this.#runAgain(thrown));
    } finally {
      await this.#request.checkpoints.engine.holding.release();
    }
  }

  async #runAgain(thrown: unknown): Promise<RunResult> {
    const damage = findIn(thrown, (error) => error instanceof LateDamageError);
    const isGone =
      findIn(thrown, (error) => error instanceof CheckpointNotFoundError) !== undefined;
    const { checkpoints: { engine }, session: { events }, signal, stopReason } = this.#request;
    const isToStop = endedBy(thrown, signal) instanceof StoppedError || stopReason() !== undefined;
    // A session in which something may still be running runs nothing more.
    const isStuck = unresponsiveIn(thrown) !== undefined;
    const own = engine.attempts.current?.number;
    if (isGone && own !== undefined) {
      await checkNewest(
        await engine.archive.store(),
        own,
        "what it was to read is removed",
        thrown,
      );
    }
    if (damage === undefined || isToStop || isStuck || own === undefined) throw thrown;
    await checkNewest(await engine.archive.store(), own, "it does not start again", thrown);
    const message = `a task is the first to read what is damaged: ${damageText(damage)}. The run ` +
      `starts again, and reads all that is saved at once, to go back over what is damaged`;
    events.emit({ type: "notice", level: "warning", message });
    this.#savedBefore = this.#run.lastSaved;
    const request = { ...this.#request, behind: own };
    this.#run = new Run(request);
    return await this.#run.run(await chooseStart(request));
  }
}

/** Checks that nobody has taken the job over: whoever has keeps it, and removes what the plan does not keep. */
async function checkNewest(
  store: CheckpointStore,
  own: number,
  what: string,
  cause: unknown,
): Promise<void> {
  const newest = (await store.history()).attempts.at(-1)?.attempt ?? own;
  if (newest > own) throw new FencedError(own, newest, what, { cause });
}

/** The error of a kind that has led to another one, or is it. */
function findIn<E extends Error>(
  thrown: unknown,
  isIt: (error: unknown) => error is E,
): E | undefined {
  if (isIt(thrown)) return thrown;
  if (!(thrown instanceof Error)) return undefined;
  const causes: readonly unknown[] = thrown instanceof AggregateError
    ? [...thrown.errors, thrown.cause]
    : [thrown.cause];
  for (const cause of causes) {
    const found = cause === undefined ? undefined : findIn(cause, isIt);
    if (found !== undefined) return found;
  }
  return undefined;
}
