/**
 * Type-checks small programs, all in one run of the compiler.
 *
 * @module
 */
import { join } from "@std/path";

/** A program that must not compile. */
export interface WrongProgram {
  /** What is wrong with it. */
  readonly what: string;
  /** Its text, after {@linkcode PRELUDE}. */
  readonly code: string;
  /** What the last line of one of its errors must say. */
  readonly says: string;
}

/** What stands before each program. */
const PRELUDE = `
import { blob, codec, cursor, drained, elapsed, epochs, from, gather, group, job } from "tidemark";
import { keepBest, keepLast, migration, on, optional, parallel, param, plateau, previous } from "tidemark";
import { resource, saved, sequence, set, task, when } from "tidemark";
class Model { w = new Float32Array(1); fit(): number { return this.w.length } }
const weights = blob<Float32Array>("weights");
const accuracy = blob<number>("accuracy");
const rate = param("rate", 0.1);
const start = task("start", { writes: { weights } })
  .run(() => ({ weights: new Float32Array(3) }));
const draft = task("draft", { writes: { accuracy } });
const checkpoint = { to: "file:x" };
`;

/** The errors of each program, in order: each the lines of its message. */
export async function checkPrograms(
  codes: readonly string[],
): Promise<readonly (readonly (readonly string[])[])[]> {
  const root = new URL("../../", import.meta.url);
  const { compilerOptions } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const folder = await Deno.makeTempDir();
  try {
    const config = {
      compilerOptions,
      imports: { tidemark: new URL("dsl/mod.ts", root).href },
      lock: false,
    };
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(config));
    const names = codes.map((_, index) => `program_${index}.ts`);
    for (const [index, name] of names.entries()) {
      await Deno.writeTextFile(join(folder, name), `${PRELUDE}${codes[index]}\n`);
    }
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", ...names],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    return errorsByProgram(new TextDecoder().decode(stderr), codes.length);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function errorsByProgram(text: string, count: number): string[][][] {
  const errors: string[][][] = Array.from({ length: count }, () => []);
  for (const block of text.split(/^(?=TS\d+ \[ERROR\]: )/m)) {
    const place = block.match(/at file:.*\/program_(\d+)\.ts:\d+:\d+/);
    if (!block.startsWith("TS") || place === null) continue;
    const [first = "", ...rest] = block.split("\n");
    // What is indented goes on with the message; then comes the line of the program.
    const end = rest.findIndex((line) => !line.startsWith("  ") || line.includes(" at file:"));
    errors[Number(place[1])]?.push([first, ...rest.slice(0, end)]);
  }
  return errors;
}
