import { assertEquals, assertStringIncludes } from "@std/assert";
import { timeText } from "../../runtime/clock.ts";
import { holderText } from "../../runtime/errors.ts";

Deno.test("a time that a record made up is unknown, and ends nothing", () => {
  assertEquals(timeText(0), "1970-01-01T00:00:00.000Z");
  for (const ms of [NaN, Infinity, 1e300, -8.64e15 - 1]) {
    assertEquals(timeText(ms), "an unknown time");
    const holder = { pid: 7, host: undefined, purpose: "run", sinceMs: ms, beatAgoMs: undefined };
    assertStringIncludes(holderText(holder), "process 7, since an unknown time");
  }
});
