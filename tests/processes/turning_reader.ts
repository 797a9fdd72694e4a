/**
 * Loads the newest epoch of a job again and again, while another process writes and removes:
 * `turning_reader.ts <folder> <way> <reads> <epochs>`. It ends once it has had so many whole reads, and of
 * so many epochs, or one that is not as it should be, and prints what it has seen.
 */

import {
  CheckpointManager,
  CheckpointNotFoundError,
  FileStore,
  LocalSession,
  type Store,
} from "tidemark";
import { count, epochOf, part, whole } from "./turning_job.ts";
import { overriding } from "../storage/sample.ts";

/** What a reader has seen. */
export interface Seen {
  /** Reads that were whole. */
  whole: number;
  /** The epochs that they were of. */
  epochs: number;
  /** Reads of several epochs at once. */
  mixed: number;
  /** Reads that found nothing, typed, as what they read was removed. */
  notFound: number;
  /** What reads failed with otherwise. */
  failures: string[];
}

/** How a reader reads: with one manager or a new one each time, or wrongly, to see that it shows. */
export type Way = "kept" | "anew" | "opens late" | "blob by blob";

/** Longer than any reader takes, so that one that gets nowhere says what it saw. */
const LONGEST_MS = 60_000;

/** Opens packs only when their bytes are read. */
function opensLate(store: Store): Store {
  return overriding(store, {
    open: async (name) => {
      const byteLength = (await store.stat(name))?.byteLength ?? 0;
      return {
        byteLength,
        readAt: async (offset, into) => {
          using reader = await store.open(name);
          return await reader.readAt(offset, into);
        },
        [Symbol.dispose]: () => {},
      };
    },
  });
}

async function read(way: Way, checkpoints: CheckpointManager): Promise<number | undefined> {
  await using session = new LocalSession();
  if (way === "blob by blob") {
    for (const one of [whole, part, count]) {
      await session.run(checkpoints.loadBlobsFromCheckpoint([one], "latest"));
    }
  } else await session.run(checkpoints.load("latest"));
  return epochOf({
    whole: await session.fetch(whole),
    part: await session.fetch(part),
    count: await session.fetch(count),
  });
}

if (import.meta.main) {
  const [folder = "", way = "kept", reads, epochs] = Deno.args as [string, Way, string, string];
  const open = (): CheckpointManager => {
    const store = new FileStore(folder);
    const options = { store: way === "opens late" ? opensLate(store) : store };
    return new CheckpointManager(folder, "file", options);
  };
  const seen: Seen = { whole: 0, epochs: 0, mixed: 0, notFound: 0, failures: [] };
  const found = new Set<number>();
  const kept = open();
  const from = performance.now();
  const isDone = (): boolean => {
    const isWrong = seen.mixed > 0 || seen.failures.length > 0;
    const isEnough = seen.whole >= Number(reads) && found.size >= Number(epochs);
    return isWrong || isEnough || performance.now() - from > LONGEST_MS;
  };
  while (!isDone()) {
    try {
      const epoch = await read(way, way === "anew" ? open() : kept);
      if (epoch === undefined) seen.mixed++;
      else {
        seen.whole++;
        found.add(epoch);
      }
    } catch (error) {
      const { name, message } = error as Error;
      if (error instanceof CheckpointNotFoundError) seen.notFound++;
      else seen.failures.push(`${name}: ${message}`);
    }
  }
  console.log(JSON.stringify({ ...seen, epochs: found.size }));
}
