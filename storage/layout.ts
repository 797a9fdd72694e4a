/**
 * The names of a job's objects, and what they say.
 *
 * @module
 */

/** The phases whose end is recorded; `"epoch"` also stands for init, as epoch 0. */
export const PHASES: readonly SavedPhase[] = ["epoch", "upload", "download", "exit"];

/** A phase whose end is recorded. */
export type SavedPhase = "epoch" | "upload" | "download" | "exit";

/** Names a manifest: the end of a phase, by the attempt that reached it. */
export interface ManifestRef {
  /** The epoch; 0 after init. */
  readonly epoch: number;
  /** The attempt that saved it. */
  readonly attempt: number;
  /** What was finished. */
  readonly phase: SavedPhase;
}

/** The job's identity. */
export const JOB = "job.cbor";
/** The folders of a job. */
export const FOLDERS = {
  attempts: "attempts/",
  packs: "packs/",
  epochs: "epochs/",
  phases: "phases/",
  removals: "removals/",
  pins: "pins/",
  tasks: "tasks/",
  asks: "asks/",
} as const;

/** The highest number of an epoch or an attempt. */
export const MAX_NUMBER = 999_999_999;

/** The name of an attempt's record. */
export function attemptName(attempt: number): string {
  return `${FOLDERS.attempts}${padded(attempt)}.cbor`;
}

/** The name of the record that says where an attempt starts from. */
export function parentName(attempt: number): string {
  return `${FOLDERS.attempts}${padded(attempt)}.parent.cbor`;
}

/** The name of a manifest. */
export function manifestName({ epoch, attempt, phase }: ManifestRef): string {
  const stem = `e${padded(epoch)}.a${padded(attempt)}`;
  return phase === "epoch"
    ? `${FOLDERS.epochs}${stem}.cbor`
    : `${FOLDERS.phases}${stem}.${phase}.cbor`;
}

/** A name for a new pack, never used before. */
export function newPackName(
  { epoch, attempt }: Pick<ManifestRef, "epoch" | "attempt">,
  node: string,
): string {
  const nonce = crypto.randomUUID().replaceAll("-", "");
  return `${FOLDERS.packs}a${padded(attempt)}/e${padded(epoch)}.${node}.${nonce}.pack`;
}

/** A name for a new record of what an attempt removes. */
export function newRemovalName(attempt: number): string {
  const nonce = crypto.randomUUID().replaceAll("-", "");
  return `${FOLDERS.removals}a${padded(attempt)}.${nonce}.cbor`;
}

/** What an attempt record's name says; `undefined` where it is none. */
export function parseAttemptName(
  name: string,
): { readonly attempt: number; readonly isParent: boolean } | undefined {
  const match = /^attempts\/(\d{6,9})(\.parent)?\.cbor$/.exec(name);
  const attempt = parseNumber(match?.[1]);
  return attempt === undefined ? undefined : { attempt, isParent: match?.[2] !== undefined };
}

const EPOCH_NAME = /^epochs\/e(\d{6,9})\.a(\d{6,9})\.cbor$/;
const PHASE_NAME = /^phases\/e(\d{6,9})\.a(\d{6,9})\.(upload|download|exit)\.cbor$/;

/** What a manifest's name says; `undefined` where it is none. */
export function parseManifestName(name: string): ManifestRef | undefined {
  const match = EPOCH_NAME.exec(name) ?? PHASE_NAME.exec(name);
  const epoch = parseNumber(match?.[1]);
  const attempt = parseNumber(match?.[2]);
  if (epoch === undefined || attempt === undefined) return undefined;
  const phase = PHASES.find((phase) => phase === match?.[3]) ?? "epoch";
  return { epoch, attempt, phase };
}

/** What a pack's name says: the attempt that wrote it, for which epoch and node; `undefined` where it is none. */
export function parsePackName(
  name: string,
): { readonly attempt: number; readonly epoch: number; readonly node: string } | undefined {
  const match =
    /^packs\/a(\d{6,9})\/e(\d{6,9})\.([A-Za-z0-9_][A-Za-z0-9_.-]{0,99})\.[0-9a-f]{32}\.pack$/
      .exec(name);
  const attempt = parseNumber(match?.[1]);
  const epoch = parseNumber(match?.[2]);
  if (attempt === undefined || epoch === undefined) return undefined;
  return { attempt, epoch, node: match?.[3] ?? "" };
}

/**
 * Whether a manifest may name a pack: one of its own save, or of an earlier one that its attempt, or an
 * earlier attempt, has made.
 */
export function mayName({ attempt, epoch }: ManifestRef, pack: string): boolean {
  const of = parsePackName(pack);
  if (of === undefined) return false;
  return of.attempt < attempt || (of.attempt === attempt && of.epoch <= epoch);
}

/** The attempt whose removal a record tells of; `undefined` where it is no such record's name. */
export function parseRemovalName(name: string): { readonly attempt: number } | undefined {
  const attempt = parseNumber(/^removals\/a(\d{6,9})\.[0-9a-f]{32}\.cbor$/.exec(name)?.[1]);
  return attempt === undefined ? undefined : { attempt };
}

/** The name of a pin, which keeps an epoch and the phases after it. */
export function pinName({ epoch, attempt }: Pick<ManifestRef, "epoch" | "attempt">): string {
  return `${FOLDERS.pins}e${padded(epoch)}.a${padded(attempt)}.cbor`;
}

/** What a pin's name says; `undefined` where it is none. */
export function parsePinName(
  name: string,
): Pick<ManifestRef, "epoch" | "attempt"> | undefined {
  if (!name.startsWith(FOLDERS.pins)) return undefined;
  const ref = parseManifestName(FOLDERS.epochs + name.slice(FOLDERS.pins.length));
  return ref && { epoch: ref.epoch, attempt: ref.attempt };
}

/** A name for a new ask. */
export function newAskName(): string {
  return `${FOLDERS.asks}${crypto.randomUUID().replaceAll("-", "")}.cbor`;
}

/** Whether a name is that of an ask. */
export function isAskName(name: string): boolean {
  return /^asks\/[0-9a-f]{32}\.cbor$/.test(name);
}

/** How messages name a manifest: `"4@a3"`, or `"20@a3 (upload)"`. */
export function formatRef({ epoch, attempt, phase }: ManifestRef): string {
  return `${epoch}@a${attempt}${phase === "epoch" ? "" : ` (${phase})`}`;
}

/** Whether two refs name the same manifest. */
export function isSameRef(a: ManifestRef, b: ManifestRef): boolean {
  return a.epoch === b.epoch && a.attempt === b.attempt && a.phase === b.phase;
}

/** Orders what one attempt reaches: by epoch, then by phase. */
export function comparePosition(
  a: Pick<ManifestRef, "epoch" | "phase">,
  b: Pick<ManifestRef, "epoch" | "phase">,
): number {
  return a.epoch - b.epoch || PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase);
}

function padded(number: number): string {
  return String(number).padStart(6, "0");
}

/** A number as names have it: six digits, or more without a leading zero. */
function parseNumber(digits: string | undefined): number | undefined {
  if (digits === undefined || (digits.length > 6 && digits.startsWith("0"))) return undefined;
  return Number(digits);
}
