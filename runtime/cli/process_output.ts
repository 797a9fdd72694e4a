/**
 * The standard streams of the process, as a command line writes to them.
 *
 * @module
 */
import { hearOthers } from "./other_writers.ts";
import type { Output } from "./output.ts";

interface Stream {
  writeSync(bytes: Uint8Array): number;
}

/** Writes all of a text to a stream, whatever state the stream is in. */
export function writerTo(stream: Stream): (text: string) => void {
  const encoder = new TextEncoder();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let isGone = false;
  return (text) => {
    let bytes = encoder.encode(text);
    while (bytes.length > 0 && !isGone) {
      try {
        bytes = bytes.subarray(stream.writeSync(bytes));
      } catch (error) {
        // A pipe that is full, and that whoever made it has set to non-blocking.
        if (error instanceof Deno.errors.WouldBlock) Atomics.wait(pause, 0, 0, 5);
        // Whoever read it is gone (as in `… | head`): that ends the words, not the work.
        else if (error instanceof Deno.errors.BrokenPipe) isGone = true;
        else throw error;
      }
    }
  };
}

/** The standard output and error of this process. */
export function processOutput(): Output {
  const isTerminal = Deno.stdout.isTerminal();
  // Taken now, so that who hears others write does not hear the command line.
  const out = Deno.stdout.writeSync.bind(Deno.stdout);
  const err = Deno.stderr.writeSync.bind(Deno.stderr);
  return {
    out: writerTo({ writeSync: out }),
    err: writerTo({ writeSync: err }),
    hearOthers,
    isTerminal,
    noColor: Deno.noColor,
    size: () => {
      const { columns, rows } = isTerminal ? Deno.consoleSize() : { columns: 0, rows: 0 };
      // Some terminals do not know their size.
      return { columns: columns || 80, rows: rows || 24 };
    },
  };
}
