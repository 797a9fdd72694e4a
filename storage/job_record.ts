/**
 * The small records of a job: its identity, its attempts, where they start from, what they remove.
 *
 * @module
 */
import { DamagedError, RecordBoundError } from "./errors.ts";
import { Fields, MAX_KEY } from "./fields.ts";
import { encodeDescription, type JobDescription, parseDescription } from "./job_description.ts";
import {
  attemptName,
  JOB,
  type ManifestRef,
  MAX_NUMBER,
  parentName,
  parseRemovalName,
} from "./layout.ts";
import type { SavedEnvironment } from "./manifest.ts";
import type { RecordMap, RecordValue } from "./record_cbor.ts";
import { checkLength } from "./record_writer.ts";
import { encodeRef, parseRef } from "./ref_codec.ts";
import {
  encodeEnvironment,
  encodeParams,
  parseEnvironment,
  parseParams,
  type SavedParam,
} from "./run_codec.ts";
import { type RecordKind, seal, unseal } from "./seal.ts";

/** The largest of these records that is read. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;
const MAX_REMOVED = 1_000_000;

/** What a job's folder says of itself. */
export interface JobRecord {
  /** The job's name; none for checkpoints that were made without a job. */
  readonly job: string | undefined;
  /** When the folder was first used, in milliseconds since 1970. */
  readonly createdAtMs: number;
}

/** With what an attempt was started. */
export interface AttemptRecord {
  /** The seed of all random numbers. */
  readonly seed: number;
  /** The values of all params. */
  readonly params: Readonly<Record<string, SavedParam>>;
  /** What values may depend on. */
  readonly environment: SavedEnvironment;
  /** When it was started, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** What for, where not to run the job. */
  readonly purpose?: UpkeepPurpose | undefined;
  /** What the job was then, where one is run. */
  readonly description?: JobDescription | undefined;
}

/** What an attempt is begun for that runs nothing. */
export type UpkeepPurpose = "prune" | "repair";

/** Seals a record of bounded size. */
function sealSmall(kind: RecordKind, body: RecordMap): Uint8Array<ArrayBuffer> {
  const bytes = seal(kind, body);
  if (bytes.byteLength <= MAX_RECORD_BYTES) return bytes;
  throw new RecordBoundError(`the ${kind} record`, bytes.byteLength, MAX_RECORD_BYTES, "bytes");
}

/**
 * Seals a job's record.
 *
 * @throws {RecordBoundError} Where the name is too long.
 */
export function encodeJob({ job, createdAtMs }: JobRecord): Uint8Array<ArrayBuffer> {
  checkLength(job ?? "", MAX_KEY);
  return sealSmall(
    "job",
    new Map<string, RecordValue>([["job", job ?? null], ["createdAtMs", createdAtMs]]),
  );
}

/** Opens a job's record. */
export function decodeJob(bytes: Uint8Array): JobRecord {
  const fields = new Fields(JOB, "", unseal("job", JOB, bytes));
  const job = fields.value("job") === null ? undefined : fields.text("job", MAX_KEY);
  const createdAtMs = fields.number("createdAtMs");
  fields.end();
  return { job, createdAtMs };
}

/**
 * Seals an attempt's record.
 *
 * @throws {RecordBoundError} Where it is larger than a reader takes, or has a text that is.
 */
export function encodeAttempt(attempt: number, record: AttemptRecord): Uint8Array<ArrayBuffer> {
  return sealSmall(
    "attempt",
    new Map<string, RecordValue>([
      ["attempt", attempt],
      ["seed", record.seed],
      ["params", encodeParams(record.params)],
      ["environment", encodeEnvironment(record.environment)],
      ["createdAtMs", record.createdAtMs],
      ...record.purpose === undefined ? [] : [["purpose", record.purpose]] as const,
      ...record.description === undefined
        ? []
        : [["description", encodeDescription(record.description)]] as const,
    ]),
  );
}

/** Opens an attempt's record. */
export function decodeAttempt(attempt: number, bytes: Uint8Array): AttemptRecord {
  const object = attemptName(attempt);
  const fields = ownFields(object, attempt, unseal("attempt", object, bytes));
  const record = {
    seed: fields.integer("seed", -Number.MAX_SAFE_INTEGER),
    params: parseParams(fields),
    environment: parseEnvironment(fields.fields("environment")),
    createdAtMs: fields.number("createdAtMs"),
    ...fields.has("purpose")
      ? { purpose: fields.choice("purpose", ["prune", "repair"] as const) }
      : {},
    ...fields.has("description")
      ? { description: parseDescription(fields.fields("description")) }
      : {},
  };
  fields.end();
  return record;
}

/** Where an attempt starts from. */
export interface ParentRecord {
  /** The state; none for a fresh start. */
  readonly parent: ManifestRef | undefined;
  /** The attempt with which a person began the branch it is on, where that is known. */
  readonly branch: number | undefined;
  /**
   * The removal records that were there when it looked for that, by name, where that is known: it keeps
   * away from what they name. Those that come later, of earlier attempts, are void.
   */
  readonly removals?: readonly string[] | undefined;
  /** Whether the records of all attempts that its line leads through were durable before it was made; unknown where not given. */
  readonly isSettled?: boolean | undefined;
}

/** Seals the record of where an attempt starts from. */
export function encodeParent(
  attempt: number,
  { parent, branch, removals, isSettled }: ParentRecord,
): Uint8Array<ArrayBuffer> {
  return sealSmall(
    "parent",
    new Map<string, RecordValue>([
      ["attempt", attempt],
      ["parent", parent === undefined ? null : encodeRef(parent)],
      ...branch === undefined ? [] : [["branch", branch]] as const,
      ...removals === undefined ? [] : [["removals", removals]] as const,
      ...isSettled === undefined ? [] : [["settled", isSettled]] as const,
    ]),
  );
}

/** Opens the record of where an attempt starts from. */
export function decodeParent(attempt: number, bytes: Uint8Array): ParentRecord {
  const object = parentName(attempt);
  const fields = ownFields(object, attempt, unseal("parent", object, bytes));
  const parent = fields.value("parent") === null ? undefined : parseRef(fields.fields("parent"));
  const branch = fields.has("branch") ? fields.integer("branch", 0, MAX_NUMBER) : undefined;
  const removals = fields.has("removals") ? removalNames(fields) : undefined;
  const isSettled = fields.has("settled") ? fields.boolean("settled") : undefined;
  fields.end();
  // Lines lead back to earlier attempts only, so that following one always ends.
  if (parent !== undefined && parent.attempt >= attempt) {
    throw new DamagedError(
      object,
      `a parent before attempt ${attempt}`,
      `attempt ${parent.attempt}`,
    );
  }
  return {
    ...{ parent, branch },
    ...removals === undefined ? {} : { removals },
    ...isSettled === undefined ? {} : { isSettled },
  };
}

function removalNames(fields: Fields): readonly string[] {
  return fields.array("removals", MAX_REMOVED).map((name, index) => {
    if (typeof name === "string" && parseRemovalName(name) !== undefined) return name;
    throw fields.damaged(`removals[${index}]`, "the name of a removal", typeof name);
  });
}

/** Seals the record of what is about to be removed. */
export function encodeRemoval(
  attempt: number,
  refs: readonly ManifestRef[],
): Uint8Array<ArrayBuffer> {
  return sealSmall(
    "removal",
    new Map<string, RecordValue>([["attempt", attempt], ["refs", refs.map(encodeRef)]]),
  );
}

/** Opens the record of what was about to be removed. */
export function decodeRemoval(name: string, bytes: Uint8Array): readonly ManifestRef[] {
  const fields = ownFields(
    name,
    parseRemovalName(name)?.attempt ?? 0,
    unseal("removal", name, bytes),
  );
  const refs = fields.array("refs", MAX_REMOVED).map((ref, index) =>
    parseRef(new Fields(name, `refs[${index}]`, ref))
  );
  fields.end();
  return refs;
}

/** Seals a pin. Its name says all that matters, so that a damaged one keeps what it kept. */
export function encodePin(
  { epoch, attempt }: Pick<ManifestRef, "epoch" | "attempt">,
  createdAtMs: number,
): Uint8Array<ArrayBuffer> {
  return sealSmall(
    "pin",
    new Map<string, RecordValue>([
      ["epoch", epoch],
      ["attempt", attempt],
      ["createdAtMs", createdAtMs],
    ]),
  );
}

/** The fields of a record that names the attempt under whose name it lies. */
function ownFields(object: string, attempt: number, body: RecordMap): Fields {
  const fields = new Fields(object, "", body);
  const found = fields.integer("attempt", 1, MAX_NUMBER);
  if (found === attempt) return fields;
  throw new DamagedError(object, `attempt ${attempt}`, `attempt ${found}`);
}
