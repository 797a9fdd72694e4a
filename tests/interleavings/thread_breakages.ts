/** Builds whose thread that writes is broken on purpose. */

import type { Breakage } from "./breakages.ts";
import type { ThreadFiles } from "./writer_thread.ts";

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
};
