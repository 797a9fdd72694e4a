/** A small Slurm cluster: munged, slurmctld and slurmd on free ports, with all they write in one folder. */

import { join } from "@std/path";

/** What brings Slurm to a Debian machine. */
export const INSTALL =
  "apt-get install --no-install-recommends slurmctld slurmd slurm-client munge";

/** What runs the test where Slurm can be had. */
const AS_ROOT =
  "sudo deno test --allow-read --allow-write --allow-run --allow-env tests/schedulers/slurm_test.ts";

/** How long the cluster may take to come up, or a job to say what is waited for. */
const LONGEST_MS = 120_000;

const LOOK_MS = 100;

/** What a program said. */
export interface Said {
  readonly code: number;
  readonly text: string;
}

/** Runs a program of the system; one that is not there ends with 127. */
export async function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Said> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      env,
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    return { code: 127, text: String(error) };
  }
}

/** Why no cluster can be had here, and what would bring it; nothing where it can. */
export async function whyNoSlurm(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "it needs Linux";
  const isThere = await isInstalled();
  const hasApt = isThere || (await run("apt-get", ["--version"])).code === 0;
  if (!hasApt) return `it needs slurmctld, slurmd and munged; on Debian, as root: ${INSTALL}`;
  if ((await run("id", ["-u"])).text.trim() === "0") return undefined;
  return `it needs root: ${isThere ? "" : `sudo ${INSTALL}; `}${AS_ROOT}`;
}

async function isInstalled(): Promise<boolean> {
  for (
    const [command, flag] of [["slurmctld", "-V"], ["slurmd", "-V"], ["munged", "-V"]] as const
  ) {
    if ((await run(command, [flag])).code !== 0) return false;
  }
  return true;
}

/** Installs Slurm where it is missing. */
export async function installSlurm(): Promise<void> {
  if (await isInstalled()) return;
  const [command = "", ...args] = INSTALL.split(" ");
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run(command, ["update"], env);
  const { code, text } = await run(command, [...args, "--yes"], env);
  if (code !== 0) throw new Error(`Cannot install Slurm (${INSTALL}):\n${text}`);
}

/** A running cluster of one node. */
export class SlurmCluster implements AsyncDisposable {
  readonly #folder: string;
  readonly #daemons: Deno.ChildProcess[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts one that keeps all it writes in a folder. */
  static async start(folder: string): Promise<SlurmCluster> {
    const cluster = new SlurmCluster(folder);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(): Promise<void> {
    for (const name of ["state", "spool", "log"]) await Deno.mkdir(this.#path(name));
    const key = crypto.getRandomValues(new Uint8Array(1024));
    await Deno.writeFile(this.#path("munge.key"), key, { mode: 0o400 });
    await Deno.writeTextFile(this.#path("slurm.conf"), await configuration(this.#folder));
    this.#spawn("munged", [
      "--foreground",
      "--force",
      `--key-file=${this.#path("munge.key")}`,
      `--socket=${this.#path("munge.sock")}`,
      `--pid-file=${this.#path("munged.pid")}`,
      `--log-file=${this.#path("log/munged")}`,
      `--seed-file=${this.#path("munge.seed")}`,
    ]);
    await this.until("munged to listen", () => exists(this.#path("munge.sock")));
    this.#spawn("slurmctld", ["-D", "-f", this.#path("slurm.conf")]);
    this.#spawn("slurmd", ["-D", "-f", this.#path("slurm.conf")]);
    await this.until("the node to be idle", async () => {
      return (await this.call("sinfo", "--noheader", "--format=%T")).text.trim() === "idle";
    });
  }

  /** Calls a client of the cluster. */
  async call(command: string, ...args: string[]): Promise<Said> {
    return await run(command, args, this.#environment);
  }

  /** Puts a script into the queue, with an environment of its own; gives the job's number. */
  async submit(args: readonly string[], env: Record<string, string>): Promise<string> {
    const said = await run("sbatch", ["--parsable", ...args], { ...env, ...this.#environment });
    if (said.code !== 0) throw new Error(`Cannot submit ${args.join(" ")}: ${said.text}`);
    return said.text.trim();
  }

  /** What a process needs to find the cluster. */
  get #environment(): Record<string, string> {
    return { SLURM_CONF: this.#path("slurm.conf") };
  }

  /** Waits until something is so; throws with what the daemons have logged where it does not come. */
  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + LONGEST_MS;
    while (!await isSo()) {
      if (performance.now() > end) {
        throw new Error(`Waited ${LONGEST_MS} ms for ${what}:\n${await this.#logs()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#daemons.length === 3) await this.call("scancel", "--user=root", "--signal=KILL");
    for (const daemon of this.#daemons.reverse()) {
      try {
        daemon.kill("SIGTERM");
      } catch (error) {
        // One that has ended already cannot be told to.
        if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
      }
      await daemon.status;
    }
  }

  #spawn(command: string, args: string[]): void {
    const stdio = { stdin: "null", stdout: "null", stderr: "null" } as const;
    this.#daemons.push(
      new Deno.Command(command, { args, env: this.#environment, ...stdio }).spawn(),
    );
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  async #logs(): Promise<string> {
    const texts = ["munged", "slurmctld", "slurmd"].map(async (name) => {
      const text = await Deno.readTextFile(this.#path(`log/${name}`)).catch(String);
      return `== ${name}\n${text.split("\n").slice(-20).join("\n")}`;
    });
    return (await Promise.all(texts)).join("\n");
  }
}

/** No cgroup, no process is pinned to a core: it runs in a container too. */
async function configuration(folder: string): Promise<string> {
  const host = (await run("hostname", ["-s"])).text.trim();
  const [controlPort, nodePort] = await freePorts();
  return `
ClusterName=tidemark
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmctldPort=${controlPort}
SlurmdPort=${nodePort}
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.sock
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldLogFile=${folder}/log/slurmctld
SlurmdLogFile=${folder}/log/slurmd
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
JobRequeue=1
KillWait=1
MinJobAge=300
SchedulerParameters=batch_sched_delay=1,sched_interval=1
NodeName=${host} NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

/** Two ports that nobody listens on, outside of those that the system gives away. */
async function freePorts(): Promise<[number, number]> {
  const taken = (await run("cat", ["/proc/net/tcp"])).text;
  const isFree = (port: number) => !taken.includes(`:${port.toString(16).toUpperCase()} `);
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (isFree(port) && isFree(port + 1)) return [port, port + 1];
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
