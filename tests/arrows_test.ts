import { assertEquals } from "@std/assert";
import { basename, join } from "@std/path";
import {
  folderOf,
  importsOf,
  isIn,
  type ModuleImport,
  modules,
  packageFolders,
  packageModules,
  repositoryFiles,
  root,
} from "./modules.ts";

/** The folders that the modules of each folder may import, besides standard and npm packages. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  ".": packageFolders,
  dsl: ["dsl"],
  storage: ["storage"],
  runtime: ["dsl", "runtime", "storage"],
  examples: ["examples"],
};

const maxLines = 300;

Deno.test("modules import only what the arrows between the folders allow", async () => {
  assertEquals(await wrongImports(importsAlongArrows), []);
});

Deno.test("the dsl, which only declares, imports no other package", async () => {
  assertEquals(
    await wrongImports((file, { target }) => !isIn(file, ["dsl"]) || isHere(target)),
    [],
  );
});

Deno.test("only mod.ts files import the command line", async () => {
  const isRight = (file: string, { target }: ModuleImport) =>
    !isIn(target, ["runtime/cli"]) || isIn(file, ["runtime/cli", "tests"]) ||
    file === "mod.ts" || file === "runtime/mod.ts";
  assertEquals(await wrongImports(isRight), []);
});

Deno.test("the arrows are checked: a wrong import is found", () => {
  const toward = (target: string, specifier = target) => ({ specifier, target, typeOnly: false });
  assertEquals(importsAlongArrows("dsl/blob.ts", toward("storage/codec.ts")), false);
  assertEquals(importsAlongArrows("storage/codec.ts", toward("dsl/blob.ts")), false);
  assertEquals(importsAlongArrows("runtime/run.ts", toward("mod.ts", "tidemark")), false);
  assertEquals(importsAlongArrows("examples/digits.ts", toward("dsl/mod.ts")), false);
  assertEquals(importsAlongArrows("examples/digits.ts", toward("mod.ts", "../mod.ts")), false);
  assertEquals(importsAlongArrows("examples/digits.ts", toward("mod.ts", "tidemark")), true);
  assertEquals(importsAlongArrows("runtime/run.ts", toward("dsl/mod.ts")), true);
  assertEquals(isOnlyReexports(`export { a } from "./a.ts"; const b = 1;`), false);
});

Deno.test("mod.ts files only re-export", async () => {
  const wrong: string[] = [];
  for (const file of await packageModules()) {
    if (basename(file) !== "mod.ts") continue;
    if (!isOnlyReexports(await Deno.readTextFile(join(root, file)))) wrong.push(file);
  }
  assertEquals(wrong, []);
});

Deno.test("no module is longer than three hundred lines", async () => {
  const long: string[] = [];
  for (const file of await modules()) {
    const lines = (await Deno.readTextFile(join(root, file))).trimEnd().split("\n").length;
    if (lines > maxLines) long.push(`${file}: ${lines} lines`);
  }
  assertEquals(long, []);
});

Deno.test("modules are named in snake case", async () => {
  const name = /^[a-z0-9]+(_[a-z0-9]+)*(\.d)?\.ts$/;
  assertEquals((await modules()).filter((file) => !name.test(basename(file))), []);
});

Deno.test("no file names a folder of the machine it was written on, or a registry's host", async () => {
  // Written in pieces, so that this file is not found.
  const traces = [
    `/${"work"}/`,
    `/${"root"}/`,
    `registry.${"npmjs"}`,
    `${"npmjs"}.org/`,
    `files.${"pythonhosted"}`,
    `${"pypi"}.org`,
    `${"debian"}.org`,
  ];
  const found: string[] = [];
  for (const file of await repositoryFiles()) {
    const text = await Deno.readTextFile(join(root, file));
    for (const trace of traces) if (text.includes(trace)) found.push(`${file}: ${trace}`);
  }
  assertEquals(found, []);
});

/** Every import of the repository that the rule refuses, as "file -> specifier". */
async function wrongImports(
  isRight: (file: string, imported: ModuleImport) => boolean,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [file, imports] of await importsOf(await modules())) {
    for (const imported of imports) {
      if (!isRight(file, imported)) wrong.push(`${file} -> ${imported.specifier}`);
    }
  }
  return wrong;
}

function importsAlongArrows(file: string, { specifier, target }: ModuleImport): boolean {
  const folders = allowed[folderOf(file)];
  if (!folders || !isHere(target) || specifier.startsWith("@std/")) return true;
  if (folderOf(file) === "examples" && specifier === "tidemark") return true;
  return isIn(target, folders);
}

function isHere(target: string): boolean {
  return !/^[a-z]+:/.test(target);
}

function isOnlyReexports(source: string): boolean {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const reexport = /export\s+(type\s+)?(\{[^{}]*\}|\*(\s+as\s+\w+)?)\s+from\s+"[^"]+";/g;
  return code.replace(reexport, "").trim() === "";
}
