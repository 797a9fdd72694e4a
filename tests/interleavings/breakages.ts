/**
 * Builds that are broken on purpose, so that simulations are seen to notice it.
 *
 * The product has no switch for this: what is broken is its file system, or a method that is replaced.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import {
  Attempt,
  CheckpointStore,
  type FileSystem,
  type History,
  TaskLogWriter,
} from "../../storage/mod.ts";
import type { StartMode } from "./notes.ts";
import { type Omission, omitting } from "../simulation/omissions.ts";
import { askBreakages } from "./ask_breakages.ts";
import { threadBreakages } from "./thread_breakages.ts";
import type { ThreadFiles } from "./writer_thread.ts";

/** A way in which a build is broken. */
export interface Breakage {
  /** Its file system. */
  readonly changeFileSystem?: (inner: FileSystem) => FileSystem;
  /** The calls of its thread that writes, which all saves go to then. */
  readonly changeThread?: (files: ThreadFiles) => ThreadFiles;
  /** The text of that thread. */
  readonly changeText?: (text: string) => string;
  /** Breaks the code of this process; gives what mends it. */
  readonly breakCode?: () => () => void;
  /** Operations that are often slow, where only that shows it within a few seeds. */
  readonly slowSpot?: RegExp;
  /** How a runner is started while one of those is slow, where not somebody repairs. */
  readonly meanwhile?: StartMode | "repair";
  /** Whether the process that waits for one has died by then. */
  readonly isDeadMeanwhile?: boolean;
  /** Operations before which a process dies where others are alive. */
  readonly diesAt?: RegExp;
  /** How many epochs are kept. */
  readonly keepLast?: number;
  /** Whether more is pruned and repaired, so that more is asked for. */
  readonly isAsked?: boolean;
  /** The grain of all simulations, where it is to be one. */
  readonly grain?: "task";
  /** Whether power cuts show it, so that saves must outlive them in all simulations. */
  readonly isOfPower?: boolean;
}

/** What comes between a removal's record and the look for a newer attempt. */
export const BEHIND_REMOVAL_RECORD = /^remove removals\/\./;

/** A file system that leaves something out. */
function without(omission: Omit<Omission, "foundBy">): Breakage {
  return { changeFileSystem: (inner) => omitting(inner, { ...omission, foundBy: "" }) };
}

/** A file system that leaves something out, which power cuts show. */
function ofPower(omission: Omit<Omission, "foundBy">): Breakage {
  return { ...without(omission), isOfPower: true };
}

/** The look for a newer attempt. */
const LOOK = /^stat attempts\/\d+\.cbor/;

/** Replaces a method. */
function replacing<T extends object, K extends keyof T>(
  target: T,
  key: K,
  make: (original: T[K]) => T[K],
): () => void {
  const original = target[key];
  target[key] = make(original);
  return () => void (target[key] = original);
}

/** Where something is done that looks for no newer attempt. */
const blind = new AsyncLocalStorage<true>();

/** Removals and sweeps that find no newer attempt. */
function removingBlindly(): () => void {
  const mends = [
    replacing(Attempt.prototype, "remove", (remove) =>
      function (this: Attempt, ...args) {
        return blind.run(true, () => remove.apply(this, args));
      }),
    replacing(Attempt.prototype, "sweep", (sweep) =>
      function (this: Attempt, ...args) {
        return blind.run(true, () => sweep.apply(this, args));
      }),
  ];
  return () => mends.forEach((mend) => mend());
}

/** Runs that remove logs which are still being written, and repairs that leave them. */
function leavingLogs(): () => void {
  const mends = [
    replacing(TaskLogWriter.prototype, "settled", () => () => Promise.resolve()),
    replacing(Attempt.prototype, "clear", (clear) =>
      function (this: Attempt, garbage, ...args) {
        return clear.call(this, { ...garbage, logs: [] }, ...args);
      }),
  ];
  return () => mends.forEach((mend) => mend());
}

/** What was listed last before an attempt was begun is taken for what is there behind it. */
function listingFirst(): () => void {
  const before = new WeakMap<CheckpointStore, History>();
  const stale = new WeakSet<CheckpointStore>();
  const mends = [
    replacing(
      CheckpointStore.prototype,
      "history",
      (history) =>
        async function (this: CheckpointStore, ...args) {
          const known = before.get(this);
          if (stale.delete(this) && known !== undefined) return known;
          const found = await history.apply(this, args);
          before.set(this, found);
          return found;
        },
    ),
    replacing(
      CheckpointStore.prototype,
      "begin",
      (begin) =>
        async function (this: CheckpointStore, ...args) {
          const attempt = await begin.apply(this, args);
          stale.add(this);
          return attempt;
        },
    ),
  ];
  return () => mends.forEach((mend) => mend());
}

/** Of each state that is loaded, a blob is as it was in the one before. */
function forgettingBlob(): () => void {
  return replacing(
    CheckpointStore.prototype,
    "readBlobs",
    (readBlobs) =>
      async function (this: CheckpointStore, manifest, ...rest) {
        const loaded = await readBlobs.call(this, manifest, ...rest);
        const ref = (await this.ancestors(manifest))[0];
        if (ref === undefined) return loaded;
        const older = await readBlobs.call(this, await this.readManifest(ref), ...rest);
        const forgotten = older.get("worker_0")?.get("chosen");
        if (forgotten !== undefined) loaded.get("worker_0")?.set("chosen", forgotten);
        return loaded;
      },
  );
}

/** Positions of cursors are not restored. */
function forgettingCursors(): () => void {
  return replacing(
    CheckpointStore.prototype,
    "readManifest",
    (readManifest) =>
      async function (this: CheckpointStore, ...args) {
        const manifest = await readManifest.apply(this, args);
        return { ...manifest, run: { ...manifest.run, cursors: {} } };
      },
  );
}

/** Retention keeps one epoch less than the plan asks for. */
function keepingLess(): () => void {
  return replacing(
    CheckpointStore.prototype,
    "judge",
    (judge) =>
      function (this: CheckpointStore, rules, options) {
        const fewer = rules.map((rule) =>
          rule.rule === "last" ? { ...rule, n: Math.max(1, rule.n - 1) } : rule
        );
        return judge.call(this, fewer, options);
      },
  );
}

/** Attempts do not say which removals they have seen. */
function sayingNoRemovals(): () => void {
  return replacing(
    Attempt.prototype,
    "recordParent",
    (recordParent) =>
      function (this: Attempt, ref, { removals: _, ...options } = {}) {
        return recordParent.call(this, ref, options);
      },
  );
}

/** Links of manifests are said to be made before they are. */
function linkingLate(inner: FileSystem): FileSystem {
  const late = new Map<string, Promise<void>>();
  return {
    ...inner,
    link: async (from, to) => {
      if (!/\/(epochs|phases)\//.test(to)) return await inner.link(from, to);
      late.set(from, inner.link(from, to).catch(() => {}));
    },
    remove: async (path) => {
      const linked = late.get(path);
      if (linked === undefined) return await inner.remove(path);
      void linked.then(() => inner.remove(path));
    },
  };
}

/** What is appended to a log is said to be there before it is. */
function appendingLate(inner: FileSystem): FileSystem {
  return {
    ...inner,
    create: async (path) => {
      const file = await inner.create(path);
      if (!path.includes("/tasks/")) return file;
      let last: Promise<unknown> = Promise.resolve();
      return {
        ...file,
        write: (bytes) => {
          const copy = bytes.slice();
          last = last.then(() => file.write(copy));
          return Promise.resolve(bytes.byteLength);
        },
        sync: () => Promise.resolve(),
      };
    },
  };
}

/** All of them, by what is wrong. */
export const breakages: Readonly<Record<string, Breakage>> = {
  ...threadBreakages,
  ...askBreakages,
  "a save is acknowledged without a look for a newer attempt": without({ blind: LOOK }),
  "a save is acknowledged before its manifest is linked": { changeFileSystem: linkingLate },
  "a start lists what is saved before it creates its attempt": { breakCode: listingFirst },
  "a removal does not look for a newer attempt": {
    breakCode: removingBlindly,
    slowSpot: /^link removals/,
    meanwhile: { start: "from", epoch: 1 },
    changeFileSystem: (inner) => ({
      ...inner,
      stat: async (path) =>
        blind.getStore() === true && /\/attempts\/\d+\.cbor$/.test(path)
          ? undefined
          : await inner.stat(path),
    }),
  },
  "a removal that came too late is finished": {
    breakCode: sayingNoRemovals,
    ...{
      slowSpot: /^link removals/,
      meanwhile: { start: "from", epoch: 1 },
      diesAt: BEHIND_REMOVAL_RECORD,
      keepLast: 3,
    },
  },
  "packs are removed before the manifests that name them": without({
    late: /^remove (epochs|phases)\/e/,
    until: /^remove packs/,
  }),
  "a removal sees no pins": without({ blind: /^list pins/ }),
  "retention keeps one epoch less": { breakCode: keepingLess },
  "a log that is being written when its state is saved is left": {
    breakCode: leavingLogs,
    slowSpot: /^(write|sync|link) tasks\//,
  },
  "a resume has a blob of the epoch before": { breakCode: forgettingBlob },
  "a resume has forgotten where its cursors stood": { breakCode: forgettingCursors },
  "a step goes on before its result is recorded": { changeFileSystem: appendingLate },
  "packs are not synced": ofPower({ skip: /^sync pack/ }),
  "manifests are not synced": ofPower({ skip: /^sync manifest/ }),
  "the folder of a commit is not synced": ofPower({ skip: /^syncFolder epochs after link/ }),
  "an attempt's start is not synced": ofPower({ skip: /^sync parent/ }),
  "what a dead process recorded is gone on from unsynced": {
    ...ofPower({ skip: /^syncFile tasks/ }),
    slowSpot: /^sync tasks/,
    ...{ meanwhile: { start: "take over" }, isDeadMeanwhile: true },
    grain: "task",
  },
  "what steps have done is not synced": { ...ofPower({ skip: /^sync log/ }), grain: "task" },
};
