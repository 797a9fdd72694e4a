import { assertEquals, assertThrows } from "@std/assert";
import { type Duration, formatDuration, parseDuration } from "../../dsl/mod.ts";

Deno.test("durations are parsed to milliseconds", () => {
  const known: readonly (readonly [Duration, number])[] = [
    ["0ms", 0],
    ["250ms", 250],
    ["1.5s", 1_500],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["36525d", 3_155_760_000_000],
  ];
  for (const [text, ms] of known) assertEquals(parseDuration(text), ms, text);
});

Deno.test("what is no duration is refused with the text in the message", () => {
  for (
    const text of ["", "10", "ms", "-1s", "1e3s", ".5s", "1.s", "1 s", "1S", "36526d", "Infinityd"]
  ) {
    assertThrows(
      () => parseDuration(text as Duration),
      RangeError,
      `Cannot parse duration "${text}": write a number and a unit (ms, s, m, h, d), as in "10m"`,
    );
  }
});

Deno.test("durations are written for people", () => {
  const known: readonly (readonly [number, string])[] = [
    [0, "0.0 ms"],
    [9.94, "9.9 ms"],
    [9.96, "10 ms"],
    [820, "820 ms"],
    [999.7, "1.0 s"],
    [3_200, "3.2 s"],
    [59_970, "1 min 0 s"],
    [3_599_600, "1 h 0 min"],
    [250_000, "4 min 10 s"],
    [7_500_000, "2 h 5 min"],
  ];
  for (const [ms, text] of known) assertEquals(formatDuration(ms), text);
});
