/** Events as a run would send them, for the tests of what shows them. */
import type { EventBody, RunEvent, TaskPlace } from "../../../runtime/events.ts";

/** A task of the fourth epoch. */
export const LEARN: TaskPlace = {
  ...{ task: "learn", id: "learn@main", node: "main", phase: "epoch", epoch: 4 },
};

/** The same task on another node. */
export function learnOn(node: string): TaskPlace {
  return { ...LEARN, node, id: `learn@${node}` };
}

/** The body of an event of one type. */
export type BodyOf<T extends EventBody["type"]> = Extract<EventBody, { readonly type: T }>;

/** A fresh start. */
export const STARTED: BodyOf<"run-started"> = {
  ...{ type: "run-started", job: "j", mode: "started", place: "file:x", attempt: 1 },
  ...{ from: undefined, phase: "init", seed: 0, params: {} },
};

/** A save that worked. */
export function saved(epoch: number, phase: "epoch" | "exit" = "epoch"): EventBody {
  return { type: "save-committed", epoch, phase, attempt: 1, bytes: 10, durationMs: 1 };
}

/** Events so far apart, in milliseconds. */
export function everyMs(ms: number, bodies: readonly EventBody[]): readonly RunEvent[] {
  return bodies.map((body, index) => ({ time: ms * index, ...body }));
}

/** A resumed run with a task that fails once, half a second apart. */
export const EVENTS: readonly RunEvent[] = everyMs(500, [
  {
    ...{ type: "run-started", job: "digits", mode: "resumed", place: "file:x", attempt: 2 },
    ...{ from: 3, phase: "epoch", seed: 0, params: {} },
  },
  { type: "notice", level: "info", message: "param rate 0.1 → 0.2, as given now" },
  { type: "phase-started", phase: "epoch", epoch: 4 },
  { type: "task-started", ...LEARN, try: 1 },
  { type: "progress", ...LEARN, done: 30, total: 60 },
  { type: "log", ...LEARN, message: "half\nway", fields: { loss: 0.5, warm: true } },
  {
    ...{ type: "task-failed", ...LEARN, try: 1, retryInMs: 2_000 },
    error: { name: "Error", message: "no luck" },
  },
  { type: "task-started", ...LEARN, try: 2 },
  { type: "task-finished", ...LEARN, durationMs: 10 },
  { type: "phase-finished", phase: "epoch", epoch: 4, durationMs: 1_234 },
  { type: "condition-held", condition: "epochs(4)", epoch: 4 },
  { type: "save-started", epoch: 4, phase: "epoch" },
  {
    ...{ type: "save-committed", epoch: 4, phase: "epoch", attempt: 2 },
    ...{ bytes: 3_300_000, durationMs: 12 },
  },
  {
    ...{ type: "run-finished", outcome: "finished", epoch: 4 },
    ...{ because: "epochs(4) holds", error: undefined },
  },
]);

/** What a person reads of {@linkcode EVENTS}. */
export const LINES: readonly string[] = [
  "digits: resumed from epoch 3 (attempt 2) at file:x",
  "param rate 0.1 → 0.2, as given now",
  "  learn  half way  loss=0.5  warm=true",
  "task learn failed (try 1): no luck; again in 2.0 s",
  "epoch 4  1.2 s  saved 3.1 MiB in 12 ms",
  "epochs(4) holds after epoch 4",
  "finished at epoch 4: epochs(4) holds",
];
