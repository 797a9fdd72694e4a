/** Many races, and what they come to. */

import type { Random } from "../crash/trials.ts";
import { type Alone, type Race, race, type Raced } from "./race.ts";

/** So many races go on at once. */
const AT_ONCE = 2;

/** What races have come to. */
export interface RaceTally {
  /** How many there were. */
  races: number;
  /** How many runners were stopped, and by call how often. */
  readonly stops: Map<string, number>;
  fenced: number;
  acknowledged: number;
  beside: number;
  /** What went wrong, in words. */
  readonly failures: string[];
}

/** Runs races, some at once. */
export async function runRaces(races: readonly Race[], alone: Alone): Promise<RaceTally> {
  const tally: RaceTally = {
    ...{ races: 0, stops: new Map<string, number>(), failures: [] },
    ...{ fenced: 0, acknowledged: 0, beside: 0 },
  };
  const left = [...races];
  const runSome = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      tally.races++;
      try {
        add(tally, await race(next, alone));
      } catch (error) {
        const why = error instanceof Error ? error.stack : error;
        const at = next.stops.map((nth) => `${nth} (${alone.calls[nth - 1]})`).join(", ");
        tally.failures.push(`runners stopped before calls ${at}, ${JSON.stringify(next)}: ${why}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runSome));
  return tally;
}

function add(tally: RaceTally, { stopped, fenced, acknowledged, beside }: Raced): void {
  tally.fenced += fenced;
  tally.acknowledged += acknowledged;
  tally.beside += beside;
  for (const call of stopped) {
    const step = call.replaceAll(/\d+/g, "N");
    tally.stops.set(step, (tally.stops.get(step) ?? 0) + 1);
  }
}

/** The counts, in words. */
export function describeRaces(tally: RaceTally): string {
  const stops = [...tally.stops.values()].reduce((sum, count) => sum + count, 0);
  return `${tally.races} races, ${stops} runners stopped at ${tally.stops.size} kinds of call, ` +
    `${tally.fenced} fenced, ${tally.acknowledged} saves acknowledged and none lost, ` +
    `${tally.beside} beside the line, ${tally.failures.length} failures`;
}

/** Races of two runners, stopped at each so many calls, and as many of three at any. */
export function randomRaces(count: number, { calls }: Alone, random: Random): readonly Race[] {
  const stride = Math.max(1, calls.length / Math.ceil(count / 2));
  const any = (): number => 1 + random(calls.length);
  return Array.from({ length: count }, (_, index): Race => {
    const isOfTwo = index % 2 === 0;
    const nth = 1 + Math.floor(((index / 2) * stride) % calls.length);
    return {
      stops: isOfTwo ? [nth] : [any(), any()],
      doesFirstWake: !isOfTwo && random(3) === 0,
    };
  });
}
