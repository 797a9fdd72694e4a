/**
 * Lists all that a store holds.
 *
 * @module
 */
import {
  FOLDERS,
  isAskName,
  JOB,
  type ManifestRef,
  parseAttemptName,
  parseManifestName,
  parsePackName,
  parsePinName,
  parseRemovalName,
} from "./layout.ts";
import { Pace } from "./pace.ts";
import { parseLogName } from "./task_log_names.ts";
import type { Store, StoreOptions } from "./store.ts";

/** All names of a job's objects, by what they stand for. */
export interface Listing {
  /** Manifests. */
  readonly manifests: readonly ManifestRef[];
  /** Packs. */
  readonly packs: readonly string[];
  /** Records of removals. */
  readonly removals: readonly string[];
  /** Asks that wait. */
  readonly asks: readonly string[];
  /** What is not Tidemark's. */
  readonly foreign: readonly string[];
}

/** What else is Tidemark's. */
const OTHERS = [parseAttemptName, parsePinName, parseLogName];

/** All names, by what they stand for. */
export async function listAll(store: Store, options: StoreOptions): Promise<Listing> {
  const manifests: ManifestRef[] = [];
  const packs: string[] = [];
  const removals: string[] = [];
  const asks: string[] = [];
  const foreign: string[] = [];
  const sort = (name: string): void => {
    const ref = parseManifestName(name);
    if (ref !== undefined) manifests.push(ref);
    else if (parsePackName(name) !== undefined) packs.push(name);
    else if (parseRemovalName(name) !== undefined) removals.push(name);
    else if (isAskName(name)) asks.push(name);
    else if (!OTHERS.some((parse) => parse(name) !== undefined)) foreign.push(name);
  };
  const folders: readonly string[] = Object.values(FOLDERS);
  const pace = new Pace();
  for (const top of await store.list("", options)) {
    await pace.turn();
    if (!folders.includes(`${top}/`)) {
      if (top !== JOB) foreign.push(top);
    } else if (`${top}/` !== FOLDERS.packs) {
      for (const name of await store.list(`${top}/`, options)) sort(name);
    } else {
      for (const folder of await store.list(`${top}/`, options)) {
        if (!/^packs\/a\d{6,9}$/.test(folder)) foreign.push(folder);
        else for (const name of await store.list(`${folder}/`, options)) sort(name);
      }
    }
  }
  return { manifests, packs, removals, asks, foreign };
}
