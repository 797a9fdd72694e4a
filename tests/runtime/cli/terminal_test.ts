import { assert, assertEquals } from "@std/assert";
import { Screen, type Size, View } from "../../../runtime/cli/terminal.ts";
import { EVENTS, everyMs, LEARN, learnOn, LINES } from "./script.ts";

function viewOf(
  size: Partial<Size> = {},
  options: { color?: boolean; quiet?: boolean } = {},
): View {
  const { color = false, quiet = false } = options;
  return new View({ size: () => ({ columns: 80, rows: 24, ...size }), color, quiet });
}

Deno.test("terminal: lines scroll above a bar for each running task", () => {
  const view = viewOf();
  const frames = EVENTS.map((event) => ({ lines: view.take(event), bars: view.bars(event.time) }));
  assertEquals(frames.flatMap(({ lines }) => lines), LINES);
  assertEquals(frames.map(({ bars }) => bars.length), [0, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
  assertEquals(frames[3]?.bars, ["  learn  0.0 ms"]);
  assertEquals(frames[4]?.bars, ["  learn  ████████████░░░░░░░░░░░░ 50 %  30/60  500 ms"]);
});

Deno.test("terminal: time moves on without events", () => {
  const view = viewOf();
  for (const event of EVENTS.slice(0, 5)) view.take(event);
  assertEquals(view.bars(61_500), [
    "  learn  ████████████░░░░░░░░░░░░ 50 %  30/60  1 min 0 s",
  ]);
});

Deno.test("terminal: progress that is odd still makes a bar", () => {
  const full = "█".repeat(24);
  const none = "░".repeat(24);
  const bar = (done: number, total: number | undefined): string | undefined => {
    const view = viewOf();
    const events = everyMs(0, [
      { type: "task-started", ...LEARN, try: 1 },
      { type: "progress", ...LEARN, done, total },
    ]);
    for (const event of events) view.take(event);
    return view.bars(1_000)[0];
  };
  assertEquals(bar(7, undefined), "  learn  7  1.0 s");
  assertEquals(bar(9, 3), `  learn  ${full} 100 %  9/3  1.0 s`);
  assertEquals(bar(-1, 3), `  learn  ${none} 0 %  -1/3  1.0 s`);
  assertEquals(bar(NaN, 3), `  learn  ${none} 0 %  NaN/3  1.0 s`);
  assertEquals(bar(0, 0), "  learn  1.0 s");
  assertEquals(bar(1, NaN), "  learn  1  1.0 s");
});

Deno.test("terminal: nothing is wider or higher than the terminal, and what is left out is counted", () => {
  const view = viewOf({ columns: 20, rows: 8 });
  const tasks = Array.from({ length: 12 }, (_, index) => learnOn(`a-long-node-name_${index}`));
  for (const place of tasks) view.take({ time: 0, type: "task-started", ...place, try: 1 });
  const bars = view.bars(0);
  assertEquals([bars.length, bars.at(-1)], [6, "  … and 7 more"]);
  assert(bars.every((bar) => bar.length <= 19));
  for (const place of tasks.slice(0, 6)) {
    view.take({ time: 1, type: "task-finished", ...place, durationMs: 1 });
  }
  assertEquals(view.bars(1).length, 6);
  assertEquals(view.bars(1).at(-1), "  learn@a-long-nod…");
});

Deno.test("terminal: quiet shows no bars", () => {
  const view = viewOf({}, { quiet: true });
  const lines = EVENTS.flatMap((event) => [...view.take(event), ...view.bars(event.time)]);
  assertEquals(lines, [LINES[0], LINES[3], LINES[6]]);
});

Deno.test("terminal: colours mark what matters, and can be left out", () => {
  const painted = viewOf({}, { color: true });
  const lines = EVENTS.flatMap((event) => painted.take(event));
  assertEquals(lines[0], `\x1b[1m${LINES[0]}\x1b[0m`);
  assertEquals(lines[1], LINES[1]);
  assertEquals(lines[3], `\x1b[33m${LINES[3]}\x1b[0m`);
});

Deno.test("terminal: bars are wiped and drawn again, at most ten times a second", () => {
  let written = "";
  const screen = new Screen((text) => void (written += text));
  const draw = (lines: string[], bars: string[], now: number): void => {
    if (lines.length > 0 || screen.isDue(now)) screen.draw({ lines, bars }, now);
  };
  draw(["start"], [], 0);
  draw([], ["one"], 1);
  draw([], ["two"], 50);
  draw([], ["three", "more"], 101);
  draw(["done"], ["three"], 110);
  draw(["end"], [], 120);
  draw([], [], 300);
  assertEquals(
    written,
    "start\none\n\r\x1b[1A\x1b[0Jthree\nmore\n\r\x1b[2A\x1b[0Jdone\nthree\n\r\x1b[1A\x1b[0Jend\n",
  );
});

Deno.test("terminal: what somebody else wrote under the bars is not wiped", () => {
  let written = "";
  const screen = new Screen((text) => void (written += text));
  screen.draw({ lines: [], bars: ["bar"] }, 0);
  screen.leave();
  screen.draw({ lines: [], bars: ["bar"] }, 200);
  assertEquals(written, "bar\nbar\n");
});

Deno.test("terminal: bars give way to what the job itself writes, and do not cut its lines", () => {
  let written = "";
  const screen = new Screen((text) => void (written += text));
  const bars = ["bar"];
  screen.draw({ lines: [], bars }, 0);
  screen.giveWay(true);
  written += "whole\n";
  screen.draw({ lines: [], bars }, 200);
  screen.giveWay(false);
  written += "begun";
  screen.draw({ lines: [], bars }, 400);
  screen.draw({ lines: ["line"], bars }, 401);
  const wiped = "bar\n\r\x1b[1A\x1b[0J";
  assertEquals(written, `${wiped}whole\n${wiped}begun\nline\nbar\n`);
});
