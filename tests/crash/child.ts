/**
 * A process that runs a job, says synchronously all that happens, and kills itself where it is told
 * to: `child.ts <job> <folder> <options as JSON>`.
 *
 * It is given read and write access to the folder and, for some jobs, one host to ask.
 */

import { join, relative, SEPARATOR } from "@std/path";
import {
  compile,
  FileStore,
  type FileSystem,
  type FileWriter,
  JobRunner,
  LocalSession,
  MultiNodeCheckpointManager,
  type ParamValue,
  type Program,
  type Store,
} from "tidemark";
import { denoFileSystem } from "../../storage/deno_file_system.ts";
import { type Breakage, breakCode, breakStore } from "./broken.ts";
import { digestOfBlob } from "../../runtime/drill/digest.ts";
import { isJobName, loadJob } from "./jobs.ts";
import { type Grain, withGrain } from "./grain.ts";
import { isBoundary, type Line, pointOf } from "./lines.ts";
import type { ExactKill } from "./process.ts";

/** What a child is told. */
export interface ChildOptions {
  /** Where it kills itself. */
  readonly kill?: ExactKill;
  /** Params given to the runner. */
  readonly params?: Readonly<Record<string, ParamValue>>;
  /** The seed given to the runner. */
  readonly seed?: number;
  /** How this build is broken, where it is. */
  readonly broken?: Breakage;
  /** What is durable by itself, instead of what the job's plan says. */
  readonly grain?: Grain;
}

class Child {
  readonly #encoder = new TextEncoder();
  readonly #kill: ChildOptions["kill"];
  #times = 0;

  constructor(
    readonly folder: string,
    readonly options: ChildOptions,
  ) {
    this.#kill = options.kill;
  }

  /** Prints a line, and dies there if it is told to. */
  say(line: Line): void {
    let rest = this.#encoder.encode(`${JSON.stringify(line)}\n`);
    while (rest.byteLength > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
    const kill = this.#kill;
    if (kill === undefined) return;
    const [isMeant, nth] = "point" in kill
      ? [pointOf(line) === kill.point, kill.nth]
      : [isBoundary(line), kill.boundary];
    if (isMeant && ++this.#times === nth) this.die();
  }

  /** The store, in a folder that the run itself makes. */
  store(): Store {
    const root = join(this.folder, "job");
    const folderOf = (path: string, isFolder: boolean): string => {
      const parts = relative(root, path).split(SEPARATOR);
      if (!isFolder) parts.pop();
      const [first = ""] = parts;
      return first === "" || first === ".." ? "." : first;
    };
    const tear = (path: string): void =>
      this.say({ type: "store", point: "torn write", folder: folderOf(path, false) });
    const store = new FileStore(root, {
      fileSystem: new TearingFileSystem(tear),
      onPoint: (point, path) =>
        this.say({ type: "store", point, folder: folderOf(path, point === "folder sync") }),
    });
    return breakStore(store, this.options.broken);
  }

  async run(name: string): Promise<void> {
    if (!isJobName(name)) throw new RangeError(`there is no job "${name}"`);
    const { broken, params, seed, grain } = this.options;
    if (broken !== undefined) breakCode(broken);
    const { job: asWritten, uploader, isSavedAside } = await loadJob(name);
    const job = grain === undefined ? asWritten : withGrain(asWritten, grain);
    this.say({ type: "ready" });
    const checkpoints = new MultiNodeCheckpointManager(this.folder, "file", {
      store: this.store(),
      // Of some jobs an epoch is saved while the next one runs.
      ...isSavedAside ? { waitBytes: 0 } : {},
    });
    let known: Readonly<Record<string, ParamValue>> = {};
    await using session = new LocalSession({
      onEvent: (event) => {
        if (event.type === "run-started") known = event.params;
        this.say(event);
      },
    });
    const runner = new JobRunner(job, {
      checkpoints,
      resumeFromEpoch: "auto",
      ...uploader === undefined ? {} : { uploader },
      ...params === undefined ? {} : { params },
      ...seed === undefined ? {} : { seed },
    });
    await runner.run(session);
    const { saved, derived } = compile(job, { params: known });
    const [blobs, made] = [await digests(session, saved), await digests(session, derived)];
    this.say({ type: "result", blobs, derived: made });
  }

  die(): void {
    Deno.kill(Deno.pid, "SIGKILL");
  }
}

/** The real file system, which says of each file when half of its first write is done. */
class TearingFileSystem implements FileSystem {
  readonly #real = denoFileSystem();
  readonly open = this.#real.open;
  readonly link = this.#real.link;
  readonly remove = this.#real.remove;
  readonly makeFolder = this.#real.makeFolder;
  readonly syncFolder = this.#real.syncFolder;
  readonly list = this.#real.list;
  readonly stat = this.#real.stat;

  constructor(readonly onHalf: (path: string) => void) {}

  async create(path: string): Promise<FileWriter> {
    const file = await this.#real.create(path);
    let isTorn = false;
    return {
      write: async (bytes) => {
        const half = bytes.subarray(0, bytes.byteLength >>> 1);
        if (isTorn || half.byteLength === 0) return await file.write(bytes);
        isTorn = true;
        const written = await file.write(half);
        this.onHalf(path);
        return written;
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  }
}

/** The digest of each of these blobs that is set, by `node/blob`. */
async function digests(
  session: LocalSession,
  blobs: Program["blobs"],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { node, blob: { name, codec } } of blobs) {
    const { values } = session.workspace(node);
    if (values.has(name)) found[`${node}/${name}`] = await digestOfBlob(values.get(name), codec);
  }
  return found;
}

if (import.meta.main) {
  const [name = "", folder = "", options = "{}"] = Deno.args;
  await new Child(folder, JSON.parse(options)).run(name);
  // Deno 2.9.6 sometimes dies of SIGSEGV while it ends by itself, with everything done.
  Deno.exit(0);
}
