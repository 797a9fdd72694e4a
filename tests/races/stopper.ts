/** Stops a process, as SIGSTOP does, before one of the calls by which it works on its checkpoints. */

/** A call that a process is about to make: what, and on what; nonces of names are left out. */
export interface CallLine {
  /** What it is; a process that is `"stopped"` makes it once it is told to go on. */
  readonly type: "call" | "stopped";
  /** The call, as in `"link epochs/e000001.a000001.cbor"`. */
  readonly call: string;
}

/**
 * The text of a module to be loaded before the program. It tells of each call, and stops before the
 * `nth` one, from 1; the whole process stops, with all of its threads.
 */
export function stopperText(folder: string, nth: number): string {
  return `(${watching.toString()})(${JSON.stringify(folder)}, ${nth});`;
}

/** The module. It runs from its text, so that it uses nothing from around it. */
function watching(folder: string, nth: number): void {
  let left = nth;
  const paths = new WeakMap<Deno.FsFile, string>();
  const say = (type: string, call: string): void => {
    const line = JSON.stringify({ type, call });
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  };
  const before = (op: string, path: string | URL | undefined): void => {
    if (typeof path !== "string" || !path.startsWith(folder)) return;
    const short = path.slice(folder.length + 1).replaceAll(/[0-9a-f-]{32,36}/g, "…");
    const call = `${op} ${short || "."}`;
    if (--left !== 0) return say("call", call);
    say("stopped", call);
    Deno.kill(Deno.pid, "SIGSTOP");
  };
  const { openSync, linkSync, removeSync, mkdirSync, readDirSync, lstatSync, open } = Deno;
  const { writeSync, syncSync, syncDataSync } = Deno.FsFile.prototype;
  Deno.openSync = (path, options) => {
    before(options?.createNew === true ? "create" : "open", path);
    const file = openSync(path, options);
    paths.set(file, String(path));
    return file;
  };
  Deno.open = async (path, options) => {
    before("open", path);
    return await open(path, options);
  };
  Deno.linkSync = (from, to) => {
    before("link", to);
    linkSync(from, to);
  };
  Deno.removeSync = (path, options) => {
    before("remove", path);
    removeSync(path, options);
  };
  Deno.mkdirSync = (path, options) => {
    before("make folder", path);
    mkdirSync(path, options);
  };
  Deno.readDirSync = (path) => {
    before("list", path);
    return readDirSync(path);
  };
  Deno.lstatSync = (path) => {
    before("look at", path);
    return lstatSync(path);
  };
  Deno.FsFile.prototype.writeSync = function (bytes) {
    before("write", paths.get(this));
    return writeSync.call(this, bytes);
  };
  Deno.FsFile.prototype.syncSync = function () {
    before("sync", paths.get(this));
    syncSync.call(this);
  };
  Deno.FsFile.prototype.syncDataSync = function () {
    before("sync", paths.get(this));
    syncDataSync.call(this);
  };
}
