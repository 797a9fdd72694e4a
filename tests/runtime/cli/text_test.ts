import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { cleanLines, fit, formatBytes, oneLine } from "../../../runtime/cli/text.ts";

Deno.test("text: one line has no control characters and no escapes", () => {
  assertEquals(oneLine("a\nb\r\nc\td  "), "a b c d");
  assertEquals(oneLine("\x1b[31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07"), "red link");
  assertEquals(oneLine("a\u0085b\u2028c\x00d"), "a b c d");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert(!/[\p{Cc}\u2028\u2029]/u.test(oneLine(text)));
  }));
});

Deno.test("text: lines stay lines", () => {
  assertEquals(cleanLines("a\x1b[1m b\r\n  c\x07"), ["a b", "  c"]);
});

Deno.test("text: what fits stays, what does not is cut by its width on a terminal", () => {
  assertEquals([fit("abc", 3), fit("abcd", 3), fit("ab", 1)], ["abc", "ab…", "…"]);
  assertEquals([fit("日本語", 6), fit("日本語", 5), fit("日本語", 4)], ["日本語", "日本…", "日…"]);
  assertEquals([fit("🎉🎉", 4), fit("🎉🎉", 3)], ["🎉🎉", "🎉…"]);
  const combined = "e\u0301e\u0301e\u0301";
  assertEquals([fit(combined, 3), fit(combined, 2)], [combined, "e\u0301…"]);
  assertEquals(fit("█████", 4), "███…");
});

Deno.test("text: bytes in the unit that fits", () => {
  assertEquals(
    [0, 1023, 1024, 1536, 102_400, 3_300_000, 2 ** 40].map(formatBytes),
    ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "100 KiB", "3.1 MiB", "1.0 TiB"],
  );
});
