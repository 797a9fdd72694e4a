import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { importAll, moduleUrl, packageModules, root } from "./modules.ts";

/** A module that must never take part in a real run, so that the test shows it can fail. */
const busyModule = `
globalThis.leftover = Date.now() + Math.random();
try { Deno.readTextFileSync("deno.json"); } catch { /* not allowed */ }
try { Deno.env.get("HOME"); } catch { /* not allowed */ }
Array.prototype.second = function () { return this[1]; };
setTimeout(() => {}, 0);
performance.now();
new Date();
new Date(0);
crypto.randomUUID();
`;

Deno.test("importing every module needs no permission and prints nothing", async () => {
  assertEquals(await runScript(importAll(await packageModules())), quiet);
});

Deno.test("importing every module does no work and leaves no trace", async () => {
  assertEquals(await traces(importAll(await packageModules())), []);
});

Deno.test("a module that works while it is imported is noticed", async () => {
  const found = await traces(`import ${JSON.stringify(asDataUrl(busyModule))};\n`);
  assertEquals(found, [
    "Array.prototype.second: added",
    "called: Date.now",
    "called: Deno.env.get",
    "called: Deno.readTextFileSync",
    "called: Math.random",
    "called: crypto.randomUUID",
    "called: new Date",
    "called: performance.now",
    "called: setTimeout",
    "globalThis.leftover: added",
  ]);
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const quiet: Ended = { code: 0, stdout: "", stderr: "" };

/** What the imports called of the clock, the randomness, the system and the timers, and which globals they changed. */
async function traces(imports: string): Promise<string[]> {
  const watch = moduleUrl("tests/import_watch.ts");
  const script = `import ${JSON.stringify(watch)};\n${imports}` +
    `import { finish } from ${JSON.stringify(watch)};\nfinish();\n`;
  const { code, stdout, stderr } = await runScript(script);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** Runs a script, in a process that has no permission at all, until it ends by itself. */
async function runScript(script: string): Promise<Ended> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "script.ts");
    await Deno.writeTextFile(file, script);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--frozen",
        `--config=${join(root, "deno.json")}`,
        file,
      ],
      env: { NO_COLOR: "1" },
      signal: AbortSignal.timeout(60_000),
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function asDataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
