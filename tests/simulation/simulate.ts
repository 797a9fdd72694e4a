/**
 * Cuts the power at every point of a workload, and checks every state that the disk may be in then.
 */

import type { Random } from "../crash/trials.ts";
import type { Disk, LogEntry } from "./disk.ts";
import type { Facts, Note } from "./facts.ts";
import type { Image } from "./image.ts";
import { recover } from "./recovery.ts";
import { keyOf, statesAfter } from "./states.ts";

/** So many steps before a power cut are told. */
const LAST_STEPS = 12;

/** A state from which recovery broke a promise. */
export class SimulationError extends Error {
  /** The error's class. */
  override readonly name = "SimulationError";
}

/** How a simulation is made. */
export interface SimulationOptions {
  /** Where a crash point has more states than this, so many are drawn. */
  readonly most: number;
  /** By what they are drawn. */
  readonly random: Random;
  /** One of so many crash points is tried, and the last one; all where not given. */
  readonly stride?: number;
}

/** What was tried. */
export interface Tally {
  /** How many moments the power was cut at. */
  points: number;
  /** How many states the disk was in then, of which no two are alike. */
  states: number;
  /** At how many of the points all states were tried. */
  exhaustive: number;
}

/** Cuts the power at the points of a log, and recovers from the states. */
export async function cutPower(
  disk: Disk<Note>,
  before: Facts,
  { most, random, stride = 1 }: SimulationOptions,
  tally: Tally = { points: 0, states: 0, exhaustive: 0 },
): Promise<Tally> {
  const image = disk.start.clone();
  const facts = before.clone();
  const seen = new Set<string>();
  let notes = 0;
  let chosen = disk.worthFrom + random(stride);
  for (let at = 0; at <= disk.log.length; at++) {
    if (at === chosen || at === disk.log.length) {
      chosen = at + 1 + random(2 * stride - 1);
      const { images, isExhaustive } = statesAfter(image, { most, random });
      tally.points++;
      if (isExhaustive) tally.exhaustive++;
      for (const state of images) {
        const key = `${notes}\n${keyOf(state)}`;
        if (seen.has(key)) continue;
        seen.add(key);
        tally.states++;
        await tryState(
          state,
          facts,
          disk.log.slice(Math.max(0, at - LAST_STEPS), at),
          at,
        );
      }
    }
    const entry = disk.log[at];
    if (entry === undefined) break;
    if ("change" in entry) image.apply(entry.change);
    else {
      facts.apply(entry.note);
      notes++;
    }
  }
  return tally;
}

/** A state after a power cut at some point of a log, and what is known then. */
export function cutOnce(
  disk: Disk<Note>,
  before: Facts,
  random: Random,
): { readonly image: Image; readonly facts: Facts } {
  const image = disk.start.clone();
  const facts = before.clone();
  for (const entry of disk.log.slice(0, random(disk.log.length + 1))) {
    if ("change" in entry) image.apply(entry.change);
    else facts.apply(entry.note);
  }
  const { images } = statesAfter(image, { most: 8, random });
  return { image: images[random(images.length)] ?? image, facts };
}

async function tryState(
  state: Image,
  facts: Facts,
  last: readonly LogEntry<Note>[],
  at: number,
): Promise<void> {
  try {
    await recover(state, facts);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const done = last.map(entryText).join("\n  ");
    throw new SimulationError(
      `${why}\nThe power was cut after step ${at}, the last ones being\n  ${done}\n` +
        `and the disk then held\n${contents(state)}`,
      { cause: error },
    );
  }
}

/** A line of a log, in words. */
export function entryText(entry: LogEntry<Note>): string {
  return "note" in entry ? JSON.stringify(entry.note) : `${entry.change.op} ${entry.path}`;
}

function contents(image: Image): string {
  const lines: string[] = [];
  const walk = (folder: number, path: string): void => {
    for (const [name, node] of [...image.folder(folder).durable].sort()) {
      const file = image.files.get(node);
      if (file === undefined) walk(node, `${path}/${name}`);
      else lines.push(`  ${path}/${name} (${file.bytes.byteLength} bytes)`);
    }
  };
  walk(0, "");
  return lines.join("\n");
}
