import { assertEquals } from "@std/assert";
import { hearOthers } from "../../../runtime/cli/other_writers.ts";

Deno.test("other writers: whoever writes is heard before, with whether the line ends, until the end", async () => {
  const own = [console.log, Deno.stdout.writeSync, Deno.stderr.write];
  const real = Deno.stdout.writeSync;
  const heard: unknown[] = [];
  const text = (line: string): Uint8Array => new TextEncoder().encode(line);
  Deno.stdout.writeSync = (bytes) => (heard.push(new TextDecoder().decode(bytes)), bytes.length);
  try {
    using _others = hearOthers((endsLine) => void heard.push(endsLine));
    Deno.stdout.writeSync(text("part"));
    Deno.stdout.writeSync(text("whole\n"));
    console.assert(true, "which writes nothing");
    await Deno.stderr.write(text(""));
  } finally {
    Deno.stdout.writeSync = real;
  }
  assertEquals(heard, [false, "part", true, "whole\n", true, false]);
  assertEquals([console.log, Deno.stdout.writeSync, Deno.stderr.write], own);
});
