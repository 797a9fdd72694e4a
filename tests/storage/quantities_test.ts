import { assertEquals } from "@std/assert";
import { sizeText, spanText } from "../../storage/quantities.ts";

Deno.test("sizes and spans are said as they were written", () => {
  assertEquals(
    [120 * 2 ** 20, 1.5 * 2 ** 30, 1000, 1024, 2 ** 20 + 1, 0].map(sizeText),
    ["120 MiB", "1.5 GiB", "1000 bytes", "1 KiB", `${2 ** 20 + 1} bytes`, "0 bytes"],
  );
  assertEquals(
    [6 * 3_600_000, 90_000, 1500, 1, 86_400_000, 1234].map(spanText),
    ["6h", "1.5m", "1.5s", "1ms", "1d", "1234ms"],
  );
});
