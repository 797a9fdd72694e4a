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
  const { pid, signals, flags: at, table, sameRequestMs, reactMs } = settings;
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
    const told = new Map<number, number>();
    let isToldToStop = false;
    let beats = -1;
    let turnedAt = performance.now();
    setInterval(() => {
      const now = performance.now();
      const count = Atomics.load(words, at.beats);
      if (count !== beats) turnedAt = now;
      beats = count;
      if (now - turnedAt < reactMs) return;
      const running = tasks();
      if (heardAt > 0 && now - heardAt >= reactMs && !isToldToStop) {
        isToldToStop = true;
        const names = running.map(({ name }) => name).join(" or ");
        say(
          `${
            names === "" ? "the process" : `task ${names}`
          } has not yielded, and so has not heard ` +
            `that it is to stop; a second signal ends the process at once: what is saved is safe`,
        );
      }
      for (const { slot, name, deadline } of running) {
        if (Date.now() < deadline || told.get(slot) === deadline) continue;
        told.set(slot, deadline);
        say(
          `task ${name} is past its timeout and has not yielded, so that it cannot be told to end`,
        );
      }
    }, 250);
    scope.postMessage(0);
  };
}
