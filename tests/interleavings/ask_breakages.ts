/** Builds that are broken on purpose in what they do for others. */

import { Attempt, type FileReader, FileStore, type FileSystem } from "../../storage/mod.ts";
import { decodeAsk, encodeAsk } from "../../storage/asks.ts";
import { isAskName, parseAttemptName } from "../../storage/layout.ts";
import { ROOT } from "../simulation/runner.ts";
import type { Breakage } from "./breakages.ts";

/** Whoever reads an ask takes it for one of the newest attempt. */
function askingWhoeverRuns(inner: FileSystem): FileSystem {
  return {
    ...inner,
    open: async (path) => {
      const file = await inner.open(path);
      const name = path.slice(ROOT.length + 1);
      if (!isAskName(name)) return file;
      const bytes = new Uint8Array(file.byteLength);
      await file.readAt(0, bytes);
      const names = await inner.list(`${ROOT}/attempts`);
      const numbers = names.map((name) => parseAttemptName(`attempts/${name}`)?.attempt ?? 0);
      const changed = encodeAsk({ ...decodeAsk(name, bytes), attempt: Math.max(...numbers) });
      // Its size was looked at before.
      return changed.byteLength === bytes.byteLength ? readerOf(changed) : file;
    },
  };
}

function readerOf(bytes: Uint8Array): FileReader {
  return {
    byteLength: bytes.byteLength,
    readAt: (offset, into) => {
      const part = bytes.subarray(offset, offset + into.byteLength);
      into.set(part);
      return Promise.resolve(part.byteLength);
    },
    close: () => {},
  };
}

/** Asks stay where they are, done or not. */
function leavingAsks(inner: FileSystem): FileSystem {
  return {
    ...inner,
    remove: async (path) => {
      if (!isAskName(path.slice(ROOT.length + 1))) await inner.remove(path);
    },
  };
}

/** A runner that is asked to repair takes whatever is no object for what killed writes have left. */
function clearingAll(): () => void {
  const { abandoned } = Attempt.prototype;
  Attempt.prototype.abandoned = (leftovers) => leftovers;
  return () => void (Attempt.prototype.abandoned = abandoned);
}

/** A hold says since when it was got, and not since when its process works on the job. */
function holdingLate(): () => void {
  const { hold } = FileStore.prototype;
  FileStore.prototype.hold = function (request, options) {
    return hold.call(this, { ...request, sinceMs: Date.now() }, options);
  };
  return () => void (FileStore.prototype.hold = hold);
}

/** All of them, by what is wrong. */
export const askBreakages: Readonly<Record<string, Breakage>> = {
  "what one attempt was asked for another does": {
    changeFileSystem: askingWhoeverRuns,
    ...{ keepLast: 3, isAsked: true },
  },
  "an asked repair clears away what others are writing": {
    breakCode: clearingAll,
    ...{ slowSpot: /^link tasks/, meanwhile: "repair", isAsked: true },
  },
  "whoever has taken the job over does not know that it is asked": {
    breakCode: holdingLate,
    ...{ slowSpot: /^link epochs/, meanwhile: { start: "take over" }, isAsked: true },
  },
  "what was asked for is not cleared away": { changeFileSystem: leavingAsks, isAsked: true },
};
