/**
 * The thread that hears signals while a task keeps the main one busy.
 *
 * @module
 */
import type { TableLayout } from "./running_tasks.ts";

/** Where the flags lie, as indices of 32-bit numbers at the beginning of the shared memory. */
export const FLAGS = { signal: 0, beats: 1, lines: 2, count: 4 } as const;

/** What the thread is told at its start. */
export interface ThreadSettings {
  /** The process. */
  readonly pid: number;
  /** The signals to hear, by number. */
  readonly signals: Readonly<Record<number, "SIGINT" | "SIGTERM">>;
  /** Where the flags lie. */
  readonly flags: typeof FLAGS;
  /** Where the tasks that run lie. */
  readonly table: TableLayout;
  /** A signal within this time of the first is the same request, told twice. */
  readonly sameRequestMs: number;
  /** How long the main thread may take to react. */
  readonly reactMs: number;
  /** How long a task that is told to stop may keep it busy, before the process is ended. */
  readonly graceMs: number;
  /** The signal that ends the process then, so that its exit code tells it from a kill from outside. */
  readonly endBy: Deno.Signal;
  /** That time, as it is said. */
  readonly grace: string;
  /** When the run's time is up, from the thread's start on; `null` where it has no end. */
  readonly stopAfterMs: number | null;
}

/**
 * The source of a module for a `Worker`: it runs from its own text and imports nothing, so that it
 * needs no permission.
 */
export function threadSource(settings: ThreadSettings): string {
  return `(${thread.toString()})(${JSON.stringify(settings)});`;
}

/** The thread. It runs from its text, so that it uses nothing from around it. */
function thread(settings: ThreadSettings): void {
  const { pid, signals, flags: at, table, sameRequestMs, reactMs, graceMs, grace } = settings;
  const { stopAfterMs, endBy } = settings;
  const everyMs = 250;
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<SharedArrayBuffer>) => void;
    postMessage: (message: number) => void;
  };
  scope.onmessage = ({ data }) => {
    const words = new Int32Array(data);
    const view = new DataView(data);
    const say = (text: string): void => {
      Atomics.add(words, at.lines, 1);
      try {
        Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
      } catch {
        // Nobody reads it.
      }
    };

    let heardAt = 0;
    const hear = (number: number): void => {
      const now = performance.now();
      if (heardAt > 0) {
        if (now - heardAt < sameRequestMs) return;
        say(`${signals[number]} again: ended at once; what is saved is safe`);
        Deno.kill(pid, "SIGKILL");
      }
      heardAt = now;
      Atomics.compareExchange(words, at.signal, 0, number);
      scope.postMessage(number);
    };
    for (const [number, name] of Object.entries(signals)) {
      Deno.addSignalListener(name, () => hear(Number(number)));
    }
    // The main thread may have heard one while this one started.
    if (Atomics.load(words, at.signal) !== 0) heardAt = performance.now();

    const tasks = (): { slot: number; name: string; deadline: number }[] => {
      const running = [];
      for (let slot = 0; slot < table.slots; slot++) {
        const start = table.start + slot * table.slotBytes;
        if (Atomics.load(words, start / 4) === 0) continue;
        const length = Math.min(view.getInt32(start + 4), table.nameBytes);
        const name = new TextDecoder().decode(new Uint8Array(data, start + 16, length).slice());
        const deadline = view.getFloat64(start + 8);
        running.push({ slot, name, deadline });
      }
      return running;
    };
    const startedAt = performance.now();
    /** When it was told to stop. */
    const stopAt = (): number => {
      const endAt = stopAfterMs === null ? Infinity : startedAt + stopAfterMs;
      return Math.min(heardAt > 0 ? heardAt : Infinity, endAt);
    };
    const stopText = (names: string, isEnded: boolean): string => {
      const who = names === "" ? "the process" : `task ${names}`;
      const why = heardAt > 0 ? "" : ", as the time of --stop-after is up";
      if (!isEnded) {
        const end = names === "" ? "" : `the process ends in ${grace} (--grace) if that goes on; `;
        const signal = heardAt > 0 ? "a second signal" : "a signal, and one more,";
        return `${who} has not yielded, and so has not heard that it is to stop${why}; ${end}` +
          `${signal} ends it at once: what is saved is safe`;
      }
      return `${who} was to stop${why}, and has not yielded for ${grace} (--grace): the process was ended; ` +
        `what is saved is safe. So that it can be stopped, let it call progress or await ` +
        `something now and then; or give it more time (--grace)`;
    };
    const told = new Map<number, number>();
    let isToldToStop = false;
    let beats = -1;
    let lookedAt = startedAt;
    // What the main thread was busy for is counted in looks, as the whole process may have been stopped.
    let busyMs = 0;
    setInterval(() => {
      const now = performance.now();
      const count = Atomics.load(words, at.beats);
      busyMs = count === beats ? busyMs + Math.min(now - lookedAt, 2 * everyMs) : 0;
      lookedAt = now;
      beats = count;
      if (busyMs < reactMs) return;
      const running = tasks();
      const stoppedMs = now - stopAt();
      if (stoppedMs >= reactMs) {
        const names = running.map(({ name }) => name).join(" or ");
        if (!isToldToStop) say(stopText(names, false));
        isToldToStop = true;
        // What keeps it busy without a task may be a save, which ends.
        if (names !== "" && Math.min(busyMs, stoppedMs) >= Math.max(graceMs, 2 * reactMs)) {
          say(stopText(names, true));
          Deno.kill(pid, endBy);
          // The job may listen to that one itself.
          setTimeout(() => Deno.kill(pid, "SIGKILL"), reactMs);
          busyMs = -Infinity;
        }
      }
      for (const { slot, name, deadline } of running) {
        if (Date.now() < deadline || told.get(slot) === deadline) continue;
        told.set(slot, deadline);
        say(
          `task ${name} is past its timeout and has not yielded, so that it cannot be told to end`,
        );
      }
    }, everyMs);
    scope.postMessage(0);
  };
}
