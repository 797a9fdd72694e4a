/** What the tests of the runtime share. */
import { assertRejects } from "@std/assert";
import type { RunEvent } from "../../runtime/events.ts";
import { LocalSession, type LocalSessionOptions } from "../../runtime/session/local_session.ts";

/** The events of one type. */
export type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { readonly type: T }>;

/** Keeps all events. */
export class Recorder {
  readonly events: RunEvent[] = [];
  readonly observe = (event: RunEvent): void => void this.events.push(event);

  of<T extends RunEvent["type"]>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type);
  }

  /** The tasks that began, in order. */
  get started(): string[] {
    return this.of("task-started").map((event) => event.id);
  }

  clear(): void {
    this.events.length = 0;
  }
}

/** A session whose events are kept. */
export function recorded(options: LocalSessionOptions = {}): {
  session: LocalSession;
  seen: Recorder;
} {
  const seen = new Recorder();
  return { session: new LocalSession({ ...options, onEvent: seen.observe }), seen };
}

/** Opens once `count` have arrived, so that it opens only where all of them run at once. */
export function meeting(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  return () => {
    if (--left === 0) resolve();
    return promise;
  };
}

/** Lets everything that is ready run: several turns of the event loop. */
export async function turns(count: number = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => void setTimeout(resolve, 0));
}

/** A promise that is settled only by its signal, with the signal's reason. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Runs a body while all timers fire at once, so that long waits can be tested; gives what they were, in ms. */
export async function withoutWaiting(body: () => Promise<void>): Promise<number[]> {
  const { setTimeout: original } = globalThis;
  const waits: number[] = [];
  const quick = (run: () => void, ms: number = 0): ReturnType<typeof setTimeout> => {
    waits.push(ms);
    return original(run, 0);
  };
  globalThis.setTimeout = Object.assign(quick, original) as typeof setTimeout;
  try {
    await body();
  } finally {
    globalThis.setTimeout = original;
  }
  return waits;
}

/** The error that a promise is rejected with. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<Error> {
  const error: unknown = await assertRejects(() => Promise.resolve(promise));
  return error as Error;
}
