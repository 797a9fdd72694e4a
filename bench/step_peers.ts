/** Peers that run durable steps: each in a process of its own, where they are installed. */

import { fromFileUrl, join } from "@std/path";

const PEERS = fromFileUrl(new URL("../.peers", import.meta.url));
const SCRIPT = join(PEERS, "step_peers.mjs");
const SOURCE = fromFileUrl(new URL("./step_peers.mjs", import.meta.url));
const PORT = 25_432;

/** The milliseconds of a durable step by another; `undefined` where it is not installed. */
export async function peerStep(
  peer: "dbos" | "openworkflow",
  steps: number,
  place: string,
): Promise<number | undefined> {
  try {
    await Deno.copyFile(SOURCE, SCRIPT);
  } catch {
    return undefined;
  }
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--node-modules-dir=manual", SCRIPT, peer, `${steps}`, place],
    cwd: PEERS,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout).trim().split("\n").at(-1));
}

/** A Postgres server of its own, where Debian's is installed; its own durability, which is `fsync`. */
export class Postgres implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    private readonly bin: string,
    /** Where to reach a new database. */
    readonly url: string,
  ) {}

  /** Starts one in a new folder; `undefined` where it is not installed. */
  static async start(): Promise<Postgres | undefined> {
    const bin = await newestBin();
    if (bin === undefined) return undefined;
    const folder = await Deno.makeTempDir({ prefix: "tidemark-postgres-" });
    if (await isRoot()) await run("chown", ["postgres", folder]);
    await asPostgres(`${bin}/initdb -D ${folder}/data -U postgres -A trust`);
    const options = `-p ${PORT} -k ${folder}`;
    await asPostgres(`${bin}/pg_ctl -D ${folder}/data -o '${options}' -l ${folder}/log -w start`);
    return new Postgres(folder, bin, `postgresql://postgres@127.0.0.1:${PORT}/steps`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await asPostgres(`${this.bin}/pg_ctl -D ${this.folder}/data -m fast -w stop`);
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function newestBin(): Promise<string | undefined> {
  const root = "/usr/lib/postgresql";
  try {
    const versions = (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => Number(name));
    return `${root}/${Math.max(...versions)}/bin`;
  } catch {
    return undefined;
  }
}

/** Runs a shell command as the user that a Postgres server wants; it refuses to be root's. */
async function asPostgres(command: string): Promise<void> {
  if (await isRoot()) await run("su", ["postgres", "-c", command]);
  else await run("sh", ["-c", command]);
}

async function isRoot(): Promise<boolean> {
  const { stdout } = await new Deno.Command("id", { args: ["-u"] }).output();
  return new TextDecoder().decode(stdout).trim() === "0";
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}
