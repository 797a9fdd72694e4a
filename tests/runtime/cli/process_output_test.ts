import { assertEquals, assertThrows } from "@std/assert";
import { writerTo } from "../../../runtime/cli/process_output.ts";

/** A stream that takes three bytes at a time, and first throws what it is told to. */
class Stream {
  text = "";
  calls = 0;
  constructor(readonly errors: Error[]) {}

  writeSync(bytes: Uint8Array): number {
    this.calls++;
    const error = this.errors.shift();
    if (error !== undefined) throw error;
    const taken = bytes.subarray(0, 3);
    this.text += new TextDecoder("latin1").decode(taken);
    return taken.length;
  }
}

Deno.test("process output: all is written, however little the stream takes at once", () => {
  const stream = new Stream([]);
  writerTo(stream)("12345678\n");
  assertEquals(stream.text, "12345678\n");
});

Deno.test("process output: a full pipe is waited for", () => {
  const stream = new Stream([new Deno.errors.WouldBlock(), new Deno.errors.WouldBlock()]);
  writerTo(stream)("ab");
  assertEquals(stream.text, "ab");
});

Deno.test("process output: a reader that has gone ends the words, not the work", () => {
  const stream = new Stream([new Deno.errors.BrokenPipe()]);
  const write = writerTo(stream);
  write("ab");
  write("cd");
  assertEquals([stream.text, stream.calls], ["", 1]);
});

Deno.test("process output: what else is wrong is thrown", () => {
  assertThrows(() => writerTo(new Stream([new RangeError("x")]))("a"), RangeError, "x");
});
