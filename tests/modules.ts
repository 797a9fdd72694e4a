/** What the repository's modules are, and what each imports: the material of the tests about structure. */

import { walk } from "@std/fs";
import { fromFileUrl, join, relative, SEPARATOR, toFileUrl } from "@std/path";

/** The repository's folder. */
export const root: string = fromFileUrl(new URL("..", import.meta.url));

/** The folders whose modules make up the package. */
export const packageFolders: readonly string[] = ["dsl", "runtime", "storage"];

/** One import or re-export, static or dynamic. */
export interface ModuleImport {
  /** The specifier as it is written. */
  readonly specifier: string;
  /** The path from the repository's folder, or the URL of a module outside of it. */
  readonly target: string;
  /** Whether only types are imported, so that nothing happens at run time. */
  readonly typeOnly: boolean;
}

/** The paths, from the repository's folder, of every file that is not ignored by git or made by it. */
export async function repositoryFiles(): Promise<string[]> {
  const skip = [/[/\\](\.git|node_modules|checkpoints|coverage|\.?venv)$/];
  const files: string[] = [];
  for await (const entry of walk(root, { includeDirs: false, skip })) {
    files.push(relative(root, entry.path).replaceAll(SEPARATOR, "/"));
  }
  return files.sort();
}

/** The paths, from the repository's folder, of every TypeScript module. */
export async function modules(): Promise<string[]> {
  return (await repositoryFiles()).filter((file) => file.endsWith(".ts"));
}

/** The paths of the modules that the package publishes. */
export async function packageModules(): Promise<string[]> {
  return (await modules()).filter((file) => file === "mod.ts" || isIn(file, packageFolders));
}

/** Whether a path lies in one of the folders. */
export function isIn(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => file.startsWith(`${folder}/`));
}

/** The first folder of a path, or `"."` for a file that lies in the repository's folder itself. */
export function folderOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : ".";
}

/** The `file:` URL of a path from the repository's folder. */
export function moduleUrl(file: string): string {
  return toFileUrl(join(root, file)).href;
}

/** A module that imports all of the files, in their order. */
export function importAll(files: readonly string[]): string {
  return files.map((file) => `import ${JSON.stringify(moduleUrl(file))};\n`).join("");
}

/**
 * What each of the modules imports, as Deno itself parses and resolves it.
 *
 * @throws {Error} where a module cannot be parsed, or imports one that does not exist.
 */
export async function importsOf(files: readonly string[]): Promise<Map<string, ModuleImport[]>> {
  const folder = await Deno.makeTempDir();
  try {
    const script = join(folder, "all.ts");
    await Deno.writeTextFile(script, importAll(files));
    const graph = await moduleGraph(script);
    const found = new Map<string, ModuleImport[]>();
    for (const module of graph.modules) {
      const file = repositoryPath(module.specifier);
      if (module.error) throw new Error(`Cannot load the module "${file}": ${module.error}`);
      if (files.includes(file)) found.set(file, (module.dependencies ?? []).map(toImport));
    }
    return found;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface GraphDependency {
  specifier: string;
  code?: { specifier?: string; error?: string };
  type?: { specifier?: string; error?: string };
}

interface GraphModule {
  specifier: string;
  error?: string;
  dependencies?: GraphDependency[];
}

async function moduleGraph(script: string): Promise<{ modules: GraphModule[] }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--frozen", `--config=${join(root, "deno.json")}`, script],
    env: { NO_COLOR: "1" },
  }).output();
  if (code !== 0) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function toImport({ specifier, code, type }: GraphDependency): ModuleImport {
  const target = code?.specifier ?? type?.specifier;
  if (target === undefined) {
    throw new Error(`Cannot resolve "${specifier}": ${code?.error ?? type?.error}`);
  }
  return { specifier, target: repositoryPath(target), typeOnly: code === undefined };
}

function repositoryPath(url: string): string {
  const base = toFileUrl(root).href.replace(/\/?$/, "/");
  return url.startsWith(base) ? decodeURIComponent(url.slice(base.length)) : url;
}
