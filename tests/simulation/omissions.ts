/**
 * Syncs that are left out, and steps that come too late: what a simulation must find.
 */

import type { FileSystem } from "../../storage/mod.ts";
import { ROOT } from "./runner.ts";

/**
 * Something that is left out of the way in which a store writes. A step is a line of text: the
 * operation and its path in the job's folder; `sync` has the kind of file before the path, and
 * `syncFolder` behind it what the process has changed there since its last sync of it.
 */
export interface Omission {
  /** These steps are not done. */
  readonly skip?: RegExp;
  /** These steps are done only … */
  readonly late?: RegExp;
  /** … behind the next one of these. */
  readonly until?: RegExp;
  /** What these steps should show is not seen. */
  readonly blind?: RegExp;
  /** The workload, or the family of workloads, that shows it. */
  readonly foundBy: string;
  /** Why nothing shows it: no promise depends on it. */
  readonly superfluousAs?: string;
}

/** All that can be left out, by name. */
export const omissions: Readonly<Record<string, Omission>> = {
  "the sync of a pack": { foundBy: "job", skip: /^sync pack/ },
  "the sync of an epoch's manifest": { foundBy: "job", skip: /^sync manifest epochs/ },
  "the sync of a phase's manifest": { foundBy: "job", skip: /^sync manifest phases/ },
  "the sync of the job's record": { foundBy: "job", skip: /^sync job/ },
  "the sync of an attempt's record": { foundBy: "job", skip: /^sync attempt/ },
  "the sync of a parent record": { foundBy: "job", skip: /^sync parent/ },
  "the sync of a pin": {
    foundBy: "pins",
    skip: /^sync pin/,
    superfluousAs: "a pin keeps by its name alone, and a damaged one keeps what it kept",
  },
  "the folder sync behind a pack": { foundBy: "job", skip: /^syncFolder packs\/\w+ after create/ },
  "the folder sync behind an attempt's folder of packs": {
    foundBy: "growing",
    skip: /^syncFolder packs after/,
  },
  "the folder sync behind an epoch's commit": {
    foundBy: "job",
    skip: /^syncFolder epochs after link/,
  },
  "the folder sync behind a phase's commit": {
    foundBy: "job",
    skip: /^syncFolder phases after link/,
  },
  "the folder sync behind an epoch's removal": {
    foundBy: "job",
    skip: /^syncFolder epochs after remove/,
  },
  "the folder sync behind a phase's removal": {
    foundBy: "longer",
    skip: /^syncFolder phases after remove/,
  },
  "the folder sync behind an attempt's record": {
    foundBy: "job",
    skip: /^syncFolder attempts after link \d+\.c/,
  },
  "the folder sync behind a parent record": {
    foundBy: "job",
    skip: /^syncFolder attempts after link \d+\.p/,
  },
  "the folder sync behind a pin": { foundBy: "pins", skip: /^syncFolder pins after link/ },
  "the folder sync behind a pin's removal": {
    foundBy: "pins",
    skip: /^syncFolder pins after remove/,
  },
  "the folder sync behind the job's record": {
    foundBy: "job",
    skip: /^syncFolder \. after link job.cbor/,
    superfluousAs: "that behind the folder of attempts follows before anything is acknowledged",
  },
  "the folder sync behind the folder of attempts": {
    foundBy: "job",
    skip: /^syncFolder \. after makeFolder attempts/,
  },
  "the folder sync behind the folder of packs": {
    foundBy: "growing",
    skip: /^syncFolder \. after makeFolder packs/,
  },
  "the folder sync behind the folder of epochs": {
    foundBy: "job",
    skip: /^syncFolder \. after makeFolder epochs/,
  },
  "the folder sync behind the folder of phases": {
    foundBy: "longer",
    skip: /^syncFolder \. after makeFolder phases/,
  },
  "the folder sync behind the folder of pins": {
    foundBy: "pins",
    skip: /^syncFolder \. after makeFolder pins/,
    superfluousAs: "that behind what is pinned follows before anything is promised",
  },
  "the folder sync behind the job's folder": { foundBy: "job", skip: /^syncFolder \/jobs after/ },
  "the folder sync behind the folder above it": { foundBy: "job", skip: /^syncFolder \/ after/ },
  "all syncs of the job's folder": { foundBy: "job", skip: /^syncFolder \. / },
  "the folder sync behind what a dead process did": {
    foundBy: "killed",
    skip: /^syncFolder \S+ after nothing/,
  },
  "the sync of the epoch that is gone on from": { foundBy: "mixed", skip: /^syncFile epochs/ },
  "the sync of the phase that is gone on from": { foundBy: "mixed", skip: /^syncFile phases/ },
  "the sync of the packs of what is gone on from": { foundBy: "mixed", skip: /^syncFile packs/ },
  "the sync of earlier attempts' records": {
    foundBy: "mixed",
    skip: /^syncFile attempts\/\d+\.cbor/,
  },
  "the sync of earlier attempts' parent records": {
    foundBy: "mixed",
    skip: /^syncFile attempts\/\d+\.parent/,
  },
  "the sync of a job's record that was there": { foundBy: "mixed", skip: /^syncFile job/ },
  "a pack is synced behind the commit": {
    foundBy: "job",
    late: /^sync pack/,
    until: /^link epochs/,
  },
  "a pack's folder is synced behind the commit": {
    foundBy: "job",
    late: /^syncFolder packs/,
    until: /^link epochs/,
  },
  "the commit comes before the sync of its manifest": {
    foundBy: "job",
    late: /^sync manifest/,
    until: /^link (epochs|phases)/,
  },
  "manifests are removed behind their packs": {
    foundBy: "job",
    late: /^remove (epochs|phases)\/e/,
    until: /^remove packs/,
  },
  "the removal of manifests is synced behind that of packs": {
    foundBy: "job",
    late: /^syncFolder (epochs|phases) after remove/,
    until: /^remove packs/,
  },
  "the removal record comes behind the removal": {
    foundBy: "pinned meanwhile",
    late: /^(link removals|remove removals\/\.)/,
    until: /^syncFolder epochs after remove/,
  },
  "the removal record goes before the manifests": {
    foundBy: "pinned meanwhile",
    late: /^(remove (epochs|packs)|syncFolder epochs after remove)/,
    until: /^remove removals\/a/,
  },
  "the folder sync behind a removal's record that is withdrawn": {
    foundBy: "pinned meanwhile",
    skip: /^syncFolder removals after link/,
  },
  "the sync of a log": { foundBy: "logged", skip: /^sync log/ },
  "the sync of a log with room": { foundBy: "a log with room", skip: /^sync log/ },
  "the folder sync behind a log": { foundBy: "logged", skip: /^syncFolder tasks after link/ },
  "the folder sync behind the folder of logs": {
    foundBy: "logged",
    skip: /^syncFolder \. after makeFolder tasks/,
  },
  "the sync of a log's pack": { foundBy: "a large output", skip: /^sync pack tasks/ },
  "the folder sync behind a log's pack": {
    foundBy: "a large output",
    skip: /^syncFolder tasks after create .*pack/,
  },
  "a log gets its name before its head is synced": {
    foundBy: "gone on in mid-epoch",
    late: /^sync log/,
    until: /^link tasks/,
  },
  "a log is removed though an epoch was only taken down": {
    foundBy: "logged",
    late: /^link epochs|^syncFolder epochs after link/,
    until: /^remove tasks\/a/,
  },
  "the look for a newer attempt behind what was recorded": {
    foundBy: "overtaken while recording",
    blind: /^stat attempts\/\d+\.cbor/,
  },
  "the look for a newer attempt": { foundBy: "taken over", blind: /^stat attempts\/\d+\.cbor/ },
  "the remover's look for pins": { foundBy: "pins", blind: /^list pins/ },
  "the look for removal records behind a pin": {
    foundBy: "pinned meanwhile",
    blind: /^list removals/,
  },
};

/** A file system that leaves something out. */
export function omitting(inner: FileSystem, omission: Omission): FileSystem {
  const changed = new Map<string, string[]>();
  const held: (() => Promise<void>)[] = [];
  const step = async (text: string, run: () => Promise<void>): Promise<void> => {
    if (omission.skip?.test(text)) return;
    if (omission.late?.test(text)) return void held.push(run);
    await run();
    if (!omission.until?.test(text)) return;
    for (const late of held.splice(0)) await late();
  };
  const entry = async (op: string, path: string, run: () => Promise<void>): Promise<void> => {
    await step(`${op} ${shortOf(path)}`, run);
    const at = path.lastIndexOf("/");
    const name = path.slice(at + 1);
    if (name.startsWith(".")) return;
    const folder = path.slice(0, at) || "/";
    changed.set(folder, [...changed.get(folder) ?? [], `${op} ${name}`]);
  };
  return {
    create: async (path) => {
      const file = await inner.create(path);
      await entry("create", path, () => Promise.resolve());
      let kind = "unknown";
      return {
        write: async (bytes) => {
          if (kind === "unknown") kind = kindOf(path, bytes);
          return await file.write(bytes);
        },
        reserve: async (byteLength) => await file.reserve?.(byteLength),
        sync: () => step(`sync ${kind} ${shortOf(path)}`, () => file.sync()),
        close: () => file.close(),
      };
    },
    open: (path) => inner.open(path),
    link: (from, to) => entry("link", to, () => inner.link(from, to)),
    remove: (path) => entry("remove", path, () => inner.remove(path)),
    makeFolder: (path) => entry("makeFolder", path, () => inner.makeFolder(path)),
    syncFolder: async (path) => {
      const changes = changed.get(path)?.join(", ") ?? "nothing";
      changed.delete(path);
      await step(`syncFolder ${shortOf(path)} after ${changes}`, () => inner.syncFolder(path));
    },
    syncFile: (path) => step(`syncFile ${shortOf(path)}`, async () => await inner.syncFile?.(path)),
    list: async (path) =>
      omission.blind?.test(`list ${shortOf(path)}`) ? [] : await inner.list(path),
    stat: async (path) =>
      omission.blind?.test(`stat ${shortOf(path)}`) ? undefined : await inner.stat(path),
  };
}

function shortOf(path: string): string {
  if (path === ROOT) return ".";
  return path.startsWith(`${ROOT}/`) ? path.slice(ROOT.length + 1) : path;
}

function kindOf(path: string, bytes: Uint8Array): string {
  if (path.endsWith(".pack")) return "pack";
  const start = new TextDecoder().decode(bytes.subarray(0, 32));
  return /tidemark\.([a-z]+)/.exec(start)?.[1] ?? "unknown";
}
