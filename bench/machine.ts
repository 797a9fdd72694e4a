/** What the figures were measured on. */

import { pythonVersions } from "./python.ts";

/** What a program prints; `undefined` where it is not there or fails. */
export async function outputOf(
  program: string,
  args: readonly string[],
): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(program, {
      ...{ args: [...args], stdin: "null", stderr: "null" },
    }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The machine, the folder's file system, and the versions of what is measured. */
export async function describeMachine(folder: string): Promise<string> {
  const cpu = /^Model name:\s*(.*)$/m.exec(await outputOf("lscpu", []) ?? "")?.[1];
  const memory = /^Mem:\s*(\d+)/m.exec(await outputOf("free", ["-m"]) ?? "")?.[1];
  const system = await outputOf("stat", ["-f", "-c", "%T", folder]);
  const dd = (await outputOf("dd", ["--version"]))?.split("\n")[0];
  const { dependencies } = await readLock();
  return [
    `machine     ${cpu ?? Deno.build.arch}, ${navigator.hardwareConcurrency} cores, ${
      memory ?? "unknown"
    } MiB, ${Deno.build.target}`,
    `files on    ${system?.trim() ?? "an unknown file system"}`,
    `versions    Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ${dependencies}, ${
      dd ?? "no dd"
    }`,
    `peers       ${await pythonVersions()}`,
  ].join("\n");
}

async function readLock(): Promise<{ dependencies: string }> {
  const text = await Deno.readTextFile(new URL("../deno.lock", import.meta.url));
  const found = /"(cbor-x@[\d.]+)"/.exec(text)?.[1];
  return { dependencies: found ?? "cbor-x" };
}
