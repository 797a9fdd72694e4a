/**
 * A thread that hears signals also while a task keeps the main one busy.
 *
 * @module
 */
import { StoppedError } from "../errors.ts";
import type { Observer, RunEvent } from "../events.ts";

/** How many tasks with a timeout are watched at once. */
const SLOTS = 32;
const NAME_BYTES = 120;
const SLOT_BYTES = 8 + 8 + NAME_BYTES;
/** Behind the flags: the number of a signal heard, how many were, and a count of the main thread's turns. */
const HEAD_BYTES = 32;
const BEAT_EVERY_MS = 200;

/** What a watch tells. */
export interface Watch extends Disposable {
  /** Aborted once a signal was heard and the main thread had a turn. */
  readonly signal: AbortSignal;
  /** Why to stop, known at once; `undefined` while there is no reason. */
  readonly stopReason: () => unknown;
  /** Takes note of tasks that have a timeout. */
  readonly observe: Observer;
}

/**
 * Starts a thread that hears SIGINT and SIGTERM. The first sets a shared flag, which `stopReason`
 * reads; the second ends the process at once. It also says on standard error when a task is past its
 * timeout and keeps the main thread too busy to be told.
 *
 * The thread is a function's own text and imports `node:` modules only, so that it needs no permission.
 */
export function startWatch(timeouts: ReadonlyMap<string, number>): Watch {
  const memory = new SharedArrayBuffer(HEAD_BYTES + SLOTS * SLOT_BYTES);
  const flags = new Int32Array(memory, 0, HEAD_BYTES / 4);
  const controller = new AbortController();
  const settings = { HEAD_BYTES, SLOTS, SLOT_BYTES, NAME_BYTES, pid: Deno.pid };
  const source = `(${thread.toString()})(${JSON.stringify(settings)});`;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, {
    type: "module",
  });
  const reason = (): StoppedError | undefined => {
    const number = Atomics.load(flags, 0);
    return number === 0 ? undefined : new StoppedError(number === 2 ? "SIGINT" : "SIGTERM");
  };
  let stop: StoppedError | undefined;
  const stopReason = (): unknown => stop ??= reason();
  worker.onmessage = () => {
    stop ??= reason();
    controller.abort(stop);
  };
  worker.postMessage(memory);
  const beat = setInterval(() => Atomics.add(flags, 2, 1), BEAT_EVERY_MS);
  Deno.unrefTimer(beat);
  const slots = new Slots(memory, timeouts);
  return {
    signal: controller.signal,
    stopReason,
    observe: (event) => slots.observe(event),
    [Symbol.dispose]() {
      clearInterval(beat);
      worker.terminate();
    },
  };
}

/** The tasks that run and have a timeout, where the thread can see them. */
class Slots {
  readonly #deadlines: DataView;
  readonly #names: Uint8Array;
  readonly #used = new Map<string, number>();
  readonly #free = Array.from({ length: SLOTS }, (_, index) => SLOTS - 1 - index);
  readonly #text = new TextEncoder();

  constructor(memory: SharedArrayBuffer, readonly timeouts: ReadonlyMap<string, number>) {
    this.#deadlines = new DataView(memory);
    this.#names = new Uint8Array(memory);
  }

  observe(event: RunEvent): void {
    if (event.type === "task-started") {
      const timeoutMs = this.timeouts.get(event.task);
      const slot = timeoutMs === undefined ? undefined : this.#free.pop();
      if (timeoutMs === undefined || slot === undefined) return;
      const at = HEAD_BYTES + slot * SLOT_BYTES;
      const name = new Uint8Array(NAME_BYTES);
      const { written } = this.#text.encodeInto(event.id, name);
      this.#names.set(name, at + 16);
      this.#deadlines.setInt32(at + 8, written);
      this.#deadlines.setFloat64(at, Date.now() + timeoutMs);
      this.#used.set(event.id, slot);
    } else if (event.type === "task-finished" || event.type === "task-failed") {
      const slot = this.#used.get(event.id);
      if (slot === undefined) return;
      this.#deadlines.setFloat64(HEAD_BYTES + slot * SLOT_BYTES, 0);
      this.#used.delete(event.id);
      this.#free.push(slot);
    }
  }
}

interface ThreadSettings {
  readonly HEAD_BYTES: number;
  readonly SLOTS: number;
  readonly SLOT_BYTES: number;
  readonly NAME_BYTES: number;
  readonly pid: number;
}

/** The thread. It runs from its own text, so it uses nothing from around it. */
function thread(settings: ThreadSettings): void {
  const { HEAD_BYTES, SLOTS, SLOT_BYTES, pid } = settings;
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<SharedArrayBuffer>) => void;
    postMessage: (message: number) => void;
  };
  scope.onmessage = ({ data }) => {
    const flags = new Int32Array(data, 0, HEAD_BYTES / 4);
    const view = new DataView(data);
    const bytes = new Uint8Array(data);
    const say = (text: string): void => {
      Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
    };
    const told = new Set<string>();
    let beats = -1;
    let heardAt = 0;
    const hear = (number: number) => (): void => {
      if (Atomics.add(flags, 1, 1) > 0) {
        say("stopped at once; what is saved is safe");
        Deno.kill(pid, "SIGKILL");
      }
      Atomics.store(flags, 0, number);
      heardAt = Date.now();
      scope.postMessage(number);
    };
    const isWindows = Deno.build.os === "windows";
    Deno.addSignalListener("SIGINT", hear(2));
    if (!isWindows) Deno.addSignalListener("SIGTERM", hear(15));
    const check = (): void => {
      const now = Atomics.load(flags, 2);
      const isStuck = now === beats;
      beats = now;
      if (!isStuck) return;
      if (heardAt > 0 && Date.now() - heardAt > 1000 && !told.has("stop")) {
        told.add("stop");
        say(
          "a task has not yielded and so has not heard that it is to stop; a second signal ends the process now",
        );
      }
      for (let slot = 0; slot < SLOTS; slot++) {
        const at = HEAD_BYTES + slot * SLOT_BYTES;
        const deadline = view.getFloat64(at);
        if (deadline === 0 || Date.now() < deadline || told.has(`${slot} ${deadline}`)) continue;
        told.add(`${slot} ${deadline}`);
        const name = new TextDecoder().decode(
          bytes.slice(at + 16, at + 16 + view.getInt32(at + 8)),
        );
        say(
          `task ${name} is past its timeout and does not yield, so that it cannot be told to end`,
        );
      }
    };
    setInterval(check, 500);
  };
}
