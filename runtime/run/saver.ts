/**
 * Saves a run's epochs while the run goes on.
 *
 * @module
 */
import type { CheckpointEngine } from "../checkpoint/engine.ts";
import type { Committed, PreparedSave } from "../checkpoint/prepared_save.ts";
import type { CheckpointPlan } from "../../dsl/mod.ts";
import type { Phase } from "../events.ts";
import type { Session } from "../session/session.ts";
import { saveByPolicy } from "./save_policy.ts";

/** Follows saves. */
export interface SaveFollower {
  /** Is told that a state was taken down. */
  readonly taken: (epoch: number, phase: Phase) => Promise<void>;
  /** Is told that the state taken down last is saved. */
  readonly committed: () => Promise<void>;
}

/** At most one save is under way. The next boundary waits for it, and hears of its failure. */
export class Saver {
  #lastSaved: number | undefined;
  #lastTaken: number | undefined;
  #savedAt = performance.now();
  #saving: Promise<void> = Promise.resolve();

  /** Takes what saves, where, and what ends the waits between its tries. */
  constructor(
    private readonly engine: CheckpointEngine,
    private readonly session: Session,
    private readonly signal: AbortSignal,
    /** Is told of each state that was taken down, before it is saved, and once it is. */
    private readonly follower: SaveFollower,
  ) {}

  /** The last epoch that is saved. */
  get lastSaved(): number | undefined {
    return this.#lastSaved;
  }

  /** The last epoch that is saved, or being saved. */
  get lastTaken(): number | undefined {
    return this.#lastTaken;
  }

  /** Takes note of the epoch that the run starts from, which is saved. */
  startsFrom(epoch: number | undefined): void {
    this.#lastSaved = epoch;
    this.#lastTaken = epoch;
  }

  /** The time since the state was last taken down to be saved, in milliseconds. */
  get sinceMs(): number {
    return performance.now() - this.#savedAt;
  }

  /**
   * Waits for the save under way.
   *
   * @throws {SaveError} Where it failed, and the plan stops the job.
   * @throws {FencedError} Where another runner has taken the job over.
   */
  ended(): Promise<void> {
    return this.#saving;
  }

  /** Takes the state down once the save before has ended, and lets it be saved while the run goes on. */
  async save(
    epoch: number,
    phase: Phase,
    policy: NonNullable<CheckpointPlan["onSaveError"]> = "fail",
  ): Promise<void> {
    await this.#saving;
    const { engine, session, signal } = this;
    const task = engine.prepareTask(epoch, phase);
    const last = this.#lastSaved === undefined
      ? "Nothing was saved before"
      : `Epoch ${this.#lastSaved} is saved: run the job again to go on from there`;
    const taken = Promise.withResolvers<void>();
    let prepared: PreparedSave | undefined;
    let committed: Committed | undefined;
    let isTaken = false;
    const save = async (): Promise<void> => {
      prepared ??= await session.run(task);
      if (!isTaken) await this.follower.taken(epoch, phase);
      isTaken = true;
      // Tasks that never yield are not to hold it up.
      const goOn = prepared.isAside ? taken.resolve : undefined;
      try {
        committed = await engine.commit(prepared, goOn);
      } finally {
        goOn?.();
      }
    };
    const { place } = engine.archive;
    const savedBefore = this.#savedAt;
    this.#savedAt = performance.now();
    const takenBefore = this.#lastTaken;
    this.#lastTaken = epoch;
    const bytes = (): number => prepared?.bytes ?? 0;
    const makeRoom = async () => {
      if (prepared !== undefined) await engine.lookAfter(prepared);
    };
    const one = { epoch, phase, place, last, save, bytes, makeRoom };
    this.#saving = saveByPolicy(one, policy, session.events, signal).then(async (isSaved) => {
      if (isSaved) {
        this.#lastSaved = epoch;
        await this.follower.committed();
        // It is saved whatever fails now, and not to be saved again.
        if (committed !== undefined) await engine.settle(committed);
      } else {
        this.#savedAt = savedBefore;
        this.#lastTaken = takenBefore;
      }
    });
    // It may fail while nobody waits.
    this.#saving.catch(() => {});
    await Promise.race([taken.promise, this.#saving]);
  }
}
