import { assertEquals } from "@std/assert";
import { eventLine, toJson } from "../../../runtime/cli/json.ts";
import { EVENTS, LEARN } from "./script.ts";

Deno.test("json: each event is one line that parses", () => {
  for (const event of EVENTS) {
    const line = eventLine(event);
    assertEquals(line.includes("\n"), false);
    const { type, time } = JSON.parse(line);
    assertEquals([type, time], [event.type, event.time]);
  }
});

Deno.test("json: numbers that JSON does not have are strings, and what is not set is left out", () => {
  const line = eventLine({ time: 1, type: "progress", ...LEARN, done: NaN, total: -Infinity });
  const { done, total } = JSON.parse(line);
  assertEquals([done, total], ["NaN", "-Infinity"]);
  assertEquals(toJson({ a: undefined, b: [Infinity, 1n] }), '{"b":["Infinity","1"]}');
  assertEquals(toJson({ a: 1 }, 2), '{\n  "a": 1\n}');
});

Deno.test("json: no character ends a line", () => {
  const message = "a\nb\r\u2028c\u2029d\u0085";
  const line = eventLine({ time: 1, type: "notice", level: "info", message });
  assertEquals(/[\n\r\u2028\u2029]/.test(line), false);
  assertEquals(JSON.parse(line).message, message);
});
