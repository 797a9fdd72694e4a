import { assertEquals } from "@std/assert";
import { PlainView } from "../../../runtime/cli/plain.ts";
import { EVENTS, everyMs, LEARN, learnOn, LINES } from "./script.ts";

Deno.test("plain: lines, and nothing else", () => {
  const view = new PlainView(false);
  assertEquals(EVENTS.flatMap((event) => view.show(event)), LINES);
});

Deno.test("plain: quiet leaves warnings, and how the run starts and ends", () => {
  const view = new PlainView(true);
  assertEquals(EVENTS.flatMap((event) => view.show(event)), [LINES[0], LINES[3], LINES[6]]);
});

Deno.test("plain: progress is told every ten seconds for each task", () => {
  const view = new PlainView(false);
  const other = learnOn("n0");
  const events = everyMs(2_500, [
    { type: "task-started", ...LEARN, try: 1 },
    { type: "task-started", ...other, try: 1 },
    { type: "progress", ...LEARN, done: 1, total: 9 },
    { type: "progress", ...LEARN, done: 2, total: 9 },
    { type: "progress", ...LEARN, done: 3, total: 9 },
    { type: "progress", ...other, done: 3, total: undefined },
    { type: "progress", ...LEARN, done: 4, total: 9 },
    { type: "progress", ...LEARN, done: 5, total: 9 },
    { type: "progress", ...LEARN, done: 6, total: 9 },
  ]);
  assertEquals(events.map((event) => view.show(event)).flat(), [
    "  learn  3 of 9  10.0 s",
    "  learn@n0  3  10.0 s",
    "  learn  6 of 9  20.0 s",
  ]);
  const quiet = new PlainView(true);
  assertEquals(events.flatMap((event) => quiet.show(event)), []);
});
