/** Builds whose thread that writes is broken on purpose. */

import type { Breakage } from "./breakages.ts";
import { HEARD, type ThreadFiles } from "./writer_thread.ts";

/** The thread says that manifests are linked before they are. */
function linkingLateAside(files: ThreadFiles): ThreadFiles {
  const late = new Map<string, Promise<void>>();
  return {
    ...files,
    link: (from, to) => void late.set(from, Promise.resolve(files.link(from, to)).catch(() => {})),
    remove: (path) => {
      const linked = late.get(path);
      if (linked === undefined) return files.remove(path);
      void linked.then(() => files.remove(path));
    },
  };
}

/** The thread does not sync packs and manifests. */
function syncingNoFiles(files: ThreadFiles): ThreadFiles {
  return {
    ...files,
    create: async (path, sync) => ({ ...await files.create(path, sync), sync: () => {} }),
  };
}

/** Changes the text that the thread runs from. */
function changing(...changes: readonly (readonly [string, string])[]): (text: string) => string {
  return (text) =>
    changes.reduce((text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`the thread's text does not say "${from}"`);
      return text.replace(from, () => to);
    }, text);
}

/** The look for a newer attempt comes before the link. */
const lookingFirst = changing(
  [
    `await calls.point("link", path);`,
    `const { newer } = this.#files.record;
     this.isThere = newer !== undefined && await calls.exists(newer);
     await calls.point("link", path);`,
  ],
  [`await this.#calls.exists(record.newer)`, `this.isThere`],
);

/** All of them, by what is wrong. */
export const threadBreakages: Readonly<Record<string, Breakage>> = {
  "the thread acknowledges without a look for a newer attempt": {
    changeThread: (files) => ({ ...files, exists: () => false }),
  },
  "the thread acknowledges before it has linked": { changeThread: linkingLateAside },
  "the thread does not sync what it writes": { changeThread: syncingNoFiles, isOfPower: true },
  "the thread does not sync the folder of a commit": {
    changeThread: (files) => ({
      ...files,
      syncFolder: (path) => path.endsWith("/epochs") ? undefined : files.syncFolder(path),
    }),
    isOfPower: true,
  },
  "the thread's text looks for a newer attempt before it links": {
    changeText: lookingFirst,
    ...{ slowSpot: new RegExp(`^${HEARD}$`), meanwhile: { start: "take over" } },
  },
  "the thread's text answers before the folder of a commit is synced": {
    changeText: changing([
      `if (this.#files.sync) await this.#syncFolder(folder)`,
      `if (this.#files.sync) void this.#syncFolder(folder).catch(() => {})`,
    ]),
    isOfPower: true,
  },
  "the thread's text does not sync packs": {
    changeText: changing([
      `this.#ending = this.#endFile(file)`,
      `this.#ending = Promise.resolve()`,
    ]),
    isOfPower: true,
  },
  "the thread's text puts the sums of blocks where others belong": {
    changeText: changing([
      `withSums(content, this.#sums)`,
      `withSums(content, this.#sums.toReversed())`,
    ]),
  },
  "the thread's text lets no heart beat": {
    changeText: changing([`own.beatHeart(data.beat)`, `() => {}`]),
    ...{ slowSpot: /^stat attempts/, meanwhile: { start: "auto" } },
  },
};
