/** What the golden store of work in progress holds: one of each kind of record that lies beside checkpoints. */
import { encodeValue, type EntryToLog, makeDescription } from "../../../storage/mod.ts";
import type { Ask } from "../../../storage/asks.ts";
import type { HoldRequest } from "../../../storage/hold.ts";
import { START } from "../sample.ts";

/** With what its attempts began. */
export const DESCRIBED = {
  ...START,
  description: makeDescription({ tasks: { "train@main": { code: "c0de", version: "2" } } }),
};
export const PRUNING = { ...START, purpose: "prune" } as const;

/** When it was pinned. */
export const PINNED_MS = 1_700_000_000_001;

export const HELD: HoldRequest = {
  purpose: "run",
  pid: 4711,
  host: "märz",
  sinceMs: 1_700_000_000_002.5,
};

const asker = { pid: 4712, host: undefined, createdAtMs: 1_700_000_000_003 };
export const ASKS: readonly Ask[] = [
  { ...asker, asked: { what: "repair" }, attempt: 3, heldSinceMs: HELD.sinceMs },
  {
    ...{ ...asker, host: "märz", attempt: 2 },
    asked: {
      what: "prune",
      rules: [
        { rule: "last", n: 3 },
        { rule: "every", n: 10 },
        { rule: "best", metric: "main/loss", direction: "min", n: 1 },
        { rule: "younger", ms: 3_600_000 },
        { rule: "interval", ms: 0.5 },
        { rule: "size", bytes: 1e12 },
      ],
      sideLines: true,
      full: false,
    },
  },
];

/** What logs begin with. */
export const LOGGED = {
  branch: 1,
  seed: 7,
  params: START.params,
  derived: { main: { images: "0123456789abcdef".repeat(4), labels: null } },
};

/** What was migrated where the second log's attempt began. */
export const MIGRATED = [{ name: "rename", code: "c0de" }];

/** More than lies in a log itself. */
export const LARGE = Float32Array.from({ length: 70_000 }, (_, index) => index / 2);

const site = { phase: "epoch", epoch: 1, id: "train@main" } as const;
const cursors = [{ cursor: "images", take: 2, length: 10 }];
const output = (of: unknown) => ({ encoded: encodeValue(of), codec: false });
const map = encodeValue(new Map([["a", [1n, -0, "tide"]]]));

/** What the first log says. */
export const ENTRIES: readonly EntryToLog[] = [
  { kind: "time", ...site, key: "now 0", ms: 1_700_000_000_004 },
  {
    kind: "piece",
    ...{ ...site, key: "page/1", code: "d1ce" },
    value: { type: map.type, bytes: map.parts[0] ?? new Uint8Array() },
  },
  {
    kind: "task",
    ...{ ...site, code: "c0de", cursors },
    outputs: { large: output(LARGE), small: output(7), own: { ...output("x"), codec: true } },
  },
  { kind: "task", ...site, id: "skipped", code: "", outputs: undefined, cursors: [] },
];

/** What the second log says, which goes on from it. */
export const MORE: readonly EntryToLog[] = [
  {
    kind: "gate",
    ...{ ...site, phase: "upload", id: "once" },
    code: "9a7e",
    isOpen: false,
    cursors,
  },
  { kind: "void", ...site, id: "skipped" },
];
