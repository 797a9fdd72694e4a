import { assertEquals } from "@std/assert";
import { Lines, taskName } from "../../../runtime/cli/lines.ts";
import type { EventBody } from "../../../runtime/events.ts";
import { type BodyOf, EVENTS, everyMs, LEARN, learnOn, LINES, saved, STARTED } from "./script.ts";

function told(...bodies: EventBody[]): string[] {
  const lines = new Lines();
  return everyMs(10, bodies).flatMap((event) => lines.of(event)).map(({ text }) => text);
}

const STOPPED: BodyOf<"run-finished"> = {
  ...{ type: "run-finished", outcome: "stopped", epoch: 0, because: "SIGTERM" },
  error: undefined,
};

Deno.test("lines: a run, read by a person", () => {
  const lines = new Lines();
  assertEquals(EVENTS.flatMap((event) => lines.of(event)).map(({ text }) => text), LINES);
});

Deno.test("lines: which of the three a run is, is said with its place", () => {
  const resumed = { ...STARTED, mode: "resumed", attempt: 2, from: 3 } as const;
  assertEquals(told(STARTED), ["j: started (attempt 1) at file:x"]);
  assertEquals(told({ ...resumed, phase: "epoch" }), [
    "j: resumed from epoch 3 (attempt 2) at file:x",
  ]);
  assertEquals(told({ ...resumed, phase: "exit" }), [
    "j: resumed from epoch 3, at its exit group (attempt 2) at file:x",
  ]);
  assertEquals(told({ ...resumed, mode: "already finished", phase: "exit" }), [
    "j: already finished at epoch 3 (file:x)",
  ]);
});

const WARNED =
  'warning: read made derived blob "images" again, and it is not what it was; changes are allowed, so that ' +
  "the job goes on, and later epochs may come out otherwise than they would have. ";

Deno.test("lines: what is derived again is said, and what is another is a warning", () => {
  const place = { task: "read", id: "read@main", node: "main", phase: "init", epoch: 0 } as const;
  const made = { ...place, type: "derived", blob: "images" } as const;
  const lines = new Lines();
  const said = everyMs(10, [
    { type: "derive-started", tasks: ["read@main"] },
    ...(["same", "new", "changed"] as const).map((outcome) => ({ ...made, outcome, reasons: [] })),
    { ...made, outcome: "changed", reasons: ["param size is 2, and was 1"] },
  ]).flatMap((event) => lines.of(event));
  assertEquals(said.map(({ level, text }) => `${level}: ${text}`), [
    "info:   read  made images again: it is what it was",
    "info:   read  made images, which is new to the checkpoint",
    `${WARNED}Neither the seed, a param nor the stamp of a resource that it reads has changed, so that it ` +
    "depends on something else, such as Math.random, the time, a file, a server, or code that could not be " +
    "seen: a drill of the job says which of these it calls, but for files",
    `${WARNED}What has changed since: param size is 2, and was 1`,
  ]);
});

Deno.test("lines: an epoch that is saved while the next one runs has one line, with its own time", () => {
  const began = (epoch: number) => ({ type: "phase-started", phase: "epoch", epoch }) as const;
  const ended = (epoch: number, durationMs: number) =>
    ({ type: "phase-finished", phase: "epoch", epoch, durationMs }) as const;
  const saving = (epoch: number) => ({ type: "save-started", phase: "epoch", epoch }) as const;
  const held = (epoch: number) =>
    ({ type: "condition-held", condition: "settled", epoch }) as const;
  assertEquals(
    told(
      ...[began(1), ended(1, 100), saving(1), began(2), ended(2, 200), held(2)],
      ...[saved(1), saving(2), saved(2)],
    ),
    [
      "epoch 1  100 ms  saved 10 B in 1.0 ms",
      "epoch 2  200 ms  saved 10 B in 1.0 ms",
      "settled holds after epoch 2",
    ],
  );
  const error = { name: "SaveError", message: "no room", stack: "" };
  const failed = { type: "save-failed", phase: "epoch", epoch: 1, error, bytes: 1 } as const;
  assertEquals(
    told(
      ...[began(1), ended(1, 100), saving(1), began(2)],
      ...[{ ...failed, next: "warn", retryInMs: undefined } as const, ended(2, 200), began(3)],
    ),
    [
      "epoch 1 was not saved: no room; the job goes on without that save",
      "epoch 1  100 ms  not saved",
      "epoch 2  200 ms  not saved",
    ],
  );
  assertEquals(told(STARTED, ...[began(1), ended(1, 100), saving(1), began(2)], STOPPED).slice(1), [
    "epoch 1  100 ms  not saved",
    "stopped (nothing is saved yet): SIGTERM",
  ]);
});

Deno.test("lines: an epoch that is not saved has its line when the next begins, or at the end", () => {
  const ended = (epoch: number) =>
    ({ type: "phase-finished", phase: "epoch", epoch, durationMs: 100 }) as const;
  assertEquals(
    told(
      ended(1),
      { type: "phase-started", phase: "epoch", epoch: 2 },
      ended(2),
      saved(2),
      saved(2, "exit"),
      ended(3),
      STOPPED,
    ),
    [
      "epoch 1  100 ms  not saved",
      "epoch 2  100 ms  saved 10 B in 1.0 ms",
      "exit  done, saved 10 B in 1.0 ms",
      "epoch 3  100 ms  not saved",
      "stopped (epoch 2 is saved): SIGTERM",
    ],
  );
});

Deno.test("lines: a stop says what is kept", () => {
  assertEquals(told(STARTED, STOPPED).at(-1), "stopped (nothing is saved yet): SIGTERM");
  assertEquals(told(STOPPED), ["stopped (it had not begun): SIGTERM"]);
  assertEquals(told(STARTED, saved(0), STOPPED).slice(1), [
    "init  done, saved 10 B in 1.0 ms",
    "stopped (epoch 0 is saved): SIGTERM",
  ]);
  assertEquals(told({ type: "stop-requested", reason: "SIGINT" }), [
    "SIGINT: stopping; a second signal ends the process at once",
  ]);
});

Deno.test("lines: a stop that no signal asked for is told where there is something to stop", () => {
  const stop = { type: "stop-requested", reason: "its time of 1ms is up" } as const;
  const line = "its time of 1ms is up: stopping; two signals would end the process at once";
  assertEquals(told(STARTED, stop).slice(1), [line]);
  assertEquals(told(stop, STARTED).slice(1), [line]);
  assertEquals(told(stop, { ...STARTED, mode: "already finished", from: 4 }), [
    told({ ...STARTED, mode: "already finished", from: 4 })[0] ?? "",
  ]);
});

Deno.test("lines: failures are told once each, and what follows from them is not", () => {
  const failed = (name: string): BodyOf<"task-failed"> => ({
    ...{ type: "task-failed", ...learnOn("n0"), try: 2, retryInMs: undefined },
    error: { name, message: "why" },
  });
  assertEquals(told(failed("TypeError")), ["task learn@n0 failed (try 2): why"]);
  for (const name of ["SiblingFailedError", "StoppedError", "UncaughtError"]) {
    assertEquals(told(failed(name)), []);
  }
  const save: Omit<BodyOf<"save-failed">, "next"> = {
    ...{ type: "save-failed", epoch: 3, phase: "epoch", bytes: 2_000_000, retryInMs: 500 },
    error: { name: "E", message: "disk full" },
  };
  const { retryInMs: _, ...last } = { ...save, phase: "exit" as const };
  assertEquals(
    told(
      { ...save, next: "retry" },
      { ...last, next: "warn", retryInMs: undefined },
      { ...save, next: "pause" },
    ),
    [
      "epoch 3 was not saved: disk full; trying again in 500 ms",
      "the end of exit was not saved: disk full; the job goes on without that save",
      "epoch 3 was not saved: disk full; the job is paused until the save works " +
      "(it writes 1.9 MiB; next try in 500 ms)",
    ],
  );
  assertEquals(told({ type: "task-overran", ...LEARN, durationMs: 2_000, timeoutMs: 1_000 }), [
    "task learn took 2.0 s, past its timeout of 1.0 s, and did not yield, " +
    "so that it could not be told to end",
  ]);
});

Deno.test("lines: a task is named with its node and turn where it has any but the usual", () => {
  assertEquals(taskName(LEARN), "learn");
  assertEquals(taskName(learnOn("n0")), "learn@n0");
  assertEquals(taskName({ ...LEARN, id: "learn@main#2" }), "learn@main#2");
});
