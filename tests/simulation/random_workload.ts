/**
 * Long workloads that a seed makes: saves, retention, pins, processes that are killed or taken over, and
 * power cuts from which the next workload goes on.
 */

import {
  AttemptOverError,
  CheckpointNotFoundError,
  FencedError,
  type FileSystem,
  type ManifestRef,
  RemovedError,
} from "../../storage/mod.ts";
import { type Random, randomFrom } from "../crash/trials.ts";
import { Disk } from "./disk.ts";
import { Image } from "./image.ts";
import { Facts, type Note } from "./facts.ts";
import { Runner } from "./runner.ts";
import { cutOnce, cutPower, SimulationError, type Tally } from "./simulate.ts";

/** A simulation that a seed makes has so many power cuts behind one another … */
const ROUNDS = 3;
/** … and between two of them so many actions. */
const ACTIONS = 14;

/** The process that runs the job, and one that it has taken over from. */
class Actors {
  runner: Runner | undefined;
  old: Runner | undefined;
  #process: { readonly isDead: boolean } | undefined;
  #oldProcess: { readonly isDead: boolean } | undefined;
  #isSwept = false;

  constructor(readonly disk: Disk<Note>, readonly random: Random) {}

  /** Starts a process; it may be killed soon. */
  async start(upTo?: number): Promise<void> {
    this.old = this.runner;
    this.#oldProcess = this.#process;
    this.runner = undefined;
    const diesAfter = this.random(2) === 0 ? this.random(80) : undefined;
    const process = this.disk.process(diesAfter === undefined ? {} : { diesAfter });
    this.#process = process;
    this.#isSwept = false;
    const runner = await Runner.open(this.disk, process satisfies FileSystem);
    await runner.begin(upTo);
    this.runner = runner;
  }

  /** Saves as the runtime does. */
  async save(runner: Runner): Promise<void> {
    const phase = this.random(5) === 0 && runner.attempt.last?.phase === "epoch";
    await runner.save(phase ? "upload" : "epoch", this.random(4) === 0 ? "small" : undefined);
    if (!this.#isSwept) await runner.sweep();
    this.#isSwept = true;
  }

  /** Does one thing; a process that is dead then is replaced by the next action. */
  async act(): Promise<void> {
    try {
      if (this.runner === undefined) return await this.start();
      await this.#actWith(this.runner);
    } catch (error) {
      if (!isDead(this.#process)) throw error;
      this.runner = undefined;
    }
  }

  async #actWith(runner: Runner): Promise<void> {
    const { random } = this;
    switch (random(14)) {
      case 0:
        return this.disk.settle();
      case 1:
        return await this.start();
      case 2:
        return await this.start(random(3));
      case 3:
        return await this.#pin();
      case 4: {
        const pins = await runner.store.pins();
        const pin = pins[random(pins.length)];
        return pin && await runner.unpin(pin);
      }
      case 5:
        return await this.#actOld();
      case 6:
      case 7:
      case 8:
        return await runner.keepLast(1 + random(3));
      case 9: {
        const going = await runner.judge([{ rule: "last", n: 1 + random(2) }]);
        await this.#pin(going);
        return await runner.remove(going);
      }
      default:
        return await this.save(runner);
    }
  }

  /** Pins one of some states, by a process of its own. */
  async #pin(refs?: readonly ManifestRef[]): Promise<void> {
    const process = this.disk.process(this.random(3) === 0 ? { diesAfter: this.random(20) } : {});
    const person = await Runner.open(this.disk, process);
    const all = refs ?? (await person.store.history()).manifests;
    const ref = all[this.random(all.length)];
    if (ref === undefined) return;
    try {
      await unless([RemovedError, CheckpointNotFoundError], () => person.pin(ref));
    } catch (error) {
      if (!isDead(process)) throw error;
    }
  }

  /** What a process tries that does not know yet that it was taken over from. */
  async #actOld(): Promise<void> {
    const { old } = this;
    if (old === undefined || isDead(this.#oldProcess)) return;
    try {
      if (this.random(2) === 0) await unless([FencedError, AttemptOverError], () => old.save());
      // By the newer attempt's line it may judge that what it goes on from itself is to go.
      await unless([FencedError, AttemptOverError, RangeError], () => old.keepLast(1));
    } catch (error) {
      if (!isDead(this.#oldProcess)) throw error;
    }
  }
}

function isDead(process: { readonly isDead: boolean } | undefined): boolean {
  return process?.isDead === true;
}

async function unless(
  kinds: readonly (new (...args: never[]) => Error)[],
  run: () => Promise<unknown>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!kinds.some((kind) => error instanceof kind)) throw error;
  }
}

/**
 * Simulates what a seed makes, and adds to a tally.
 *
 * @throws {SimulationError} Where a promise is broken; the message has the seed that shows it again.
 */
export async function simulateSeed(seed: number, tally: Tally): Promise<void> {
  const random = randomFrom(seed);
  using _ = seededNames(random);
  let image = new Image();
  let facts = new Facts();
  for (let round = 1; round <= ROUNDS; round++) {
    try {
      const disk = new Disk<Note>(image);
      const actors = new Actors(disk, random);
      for (let action = 0; action < ACTIONS; action++) await actors.act();
      await cutPower(disk, facts, { most: 6, random, stride: 12 }, tally);
      ({ image, facts } = cutOnce(disk, facts, random));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new SimulationError(`seed ${seed}, round ${round}: ${why}`, { cause: error });
    }
  }
}

/** Simulates some seeds, one after another; gives what was tried. */
export async function simulateSeeds(first: number, count: number): Promise<Tally> {
  const tally: Tally = { points: 0, states: 0, exhaustive: 0 };
  for (let seed = first; seed < first + count; seed++) await simulateSeed(seed, tally);
  return tally;
}

/** Makes the names of packs and records by a seed too, as listings are in the order of names. */
function seededNames(random: Random): Disposable {
  crypto.randomUUID = () => {
    const hex = Array.from({ length: 8 }, () => random(65_536).toString(16).padStart(4, "0"));
    const [a, b, c, d, e, f, g, h] = hex;
    return `${a}${b}-${c}-${d}-${e}-${f}${g}${h}`;
  };
  return { [Symbol.dispose]: () => void Reflect.deleteProperty(crypto, "randomUUID") };
}
