import { assert, assertEquals } from "@std/assert";
import { type Output, showOn, type ShowOptions } from "../../../runtime/cli/output.ts";
import { EVENTS, LEARN, LINES } from "./script.ts";

// deno-lint-ignore no-control-regex -- colours and moves are control characters
const ESCAPE = /\x1b\[/;

interface Written {
  readonly output: Output;
  text: string;
}

function written(options: Partial<Pick<Output, "isTerminal" | "noColor">> = {}): Written {
  const { isTerminal = false, noColor = false } = options;
  const all: Written = {
    text: "",
    output: {
      ...{ isTerminal, noColor, err: () => {}, size: () => ({ columns: 60, rows: 24 }) },
      out: (text) => void (all.text += text),
    },
  };
  return all;
}

function shown(
  options: Partial<ShowOptions & Pick<Output, "isTerminal" | "noColor">>,
): string {
  const all = written(options);
  using show = showOn(all.output, { json: false, quiet: false, ...options });
  for (const event of EVENTS) show.observe(event);
  return all.text;
}

Deno.test("output: elsewhere than on a terminal lines are plain", () => {
  assertEquals(shown({}), `${LINES.join("\n")}\n`);
});

Deno.test("output: quiet leaves warnings, and how the run starts and ends", () => {
  assertEquals(shown({ quiet: true }).trimEnd().split("\n"), [LINES[0], LINES[3], LINES[6]]);
});

Deno.test("output: NO_COLOR leaves the colours out, and the bars in", () => {
  assert(shown({ isTerminal: true }).includes("\x1b[1mdigits"));
  const plain = shown({ isTerminal: true, noColor: true });
  assert(plain.includes("\r\x1b[1A\x1b[0J  learn  ████████████░"));
  assert(!ESCAPE.test(plain.replaceAll("\r\x1b[1A\x1b[0J", "")));
});

Deno.test("output: JSON goes the same way to a terminal and a pipe", () => {
  const lines = shown({ json: true, isTerminal: true });
  assertEquals(lines, shown({ json: true }));
  assertEquals(
    lines.trimEnd().split("\n").map((line) => JSON.parse(line).type),
    EVENTS.map(({ type }) => type),
  );
});

Deno.test("output: lines that others wrote are left where they are", () => {
  const all = written({ isTerminal: true });
  let foreign = 0;
  using show = showOn(all.output, { json: false, quiet: false, foreignLines: () => foreign });
  show.observe({ time: 0, type: "task-started", ...LEARN, try: 1 });
  foreign++;
  show.observe({ time: 500, type: "progress", ...LEARN, done: 1, total: 2 });
  assertEquals(ESCAPE.test(all.text), false);
  show.observe({ time: 1_000, type: "progress", ...LEARN, done: 2, total: 2 });
  assertEquals(ESCAPE.test(all.text), true);
});

Deno.test("output: on a terminal the time of a task moves on by itself", async () => {
  const all = written({ isTerminal: true });
  using show = showOn(all.output, { json: false, quiet: false });
  show.observe({ time: Date.now(), type: "task-started", ...LEARN, try: 1 });
  const before = all.text;
  // The timer of the view does not keep a process alive; this one does.
  const limit = performance.now() + 5_000;
  while (all.text === before && performance.now() < limit) {
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  assert(all.text.length > before.length);
});
