// What the bodies of records must be (FORMAT.md, section 3).
import { type Bytes, is_shape, type Named, type Type } from "./fresh_values.ts";

/** What names a manifest. */
export type Ref = { epoch: number; attempt: number; phase: string };
type Place = [pack: number, offset: number, length: number, sum: number];
/** A blob as a manifest has it. */
export type Blob = {
  absent?: true;
  type: Type;
  codec: boolean;
  bytes: number;
  inline?: Bytes;
  blocks?: Place[];
};
/** The body of a manifest. */
export type Manifest = { ref: Ref; parent: Ref | null; packs: string[]; nodes: Named<Named<Blob>> };

// What the bodies of records must be.
type Check = (x: unknown) => boolean;
/** The phases, in their order. */
export const phases = ["epoch", "upload", "download", "exit"];
const most = 999_999_999;
const num: Check = (x) => typeof x === "number";
const flag: Check = (x) => typeof x === "boolean";
const int = (from = -Number.MAX_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER): Check => (x) =>
  Number.isSafeInteger(x) && !Object.is(x, -0) && Number(x) >= from && Number(x) <= to;
const text = (max = 65_536): Check => (x) => typeof x === "string" && x.length <= max;
const data = (max: number): Check => (x) => x instanceof Uint8Array && x.length <= max;
const list = (max: number, of: Check): Check => (x) =>
  Array.isArray(x) && x.length <= max && x.every(of);
const any = (...checks: Check[]): Check => (x) => checks.some((check) => check(x));
const is = (...values: unknown[]): Check => (x) => values.includes(x);
const entries = (x: unknown) =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === null
    ? Object.entries(x)
    : undefined;
const names = (of: Check, name = text(256), max = Infinity): Check => (x) => {
  const all = entries(x);
  return all !== undefined && all.length <= max && all.every(([key, y]) => name(key) && of(y));
};
const map = (fields: Named<Check>, optional: Named<Check> = {}): Check => (x) => {
  const all = entries(x);
  return all !== undefined && Object.keys(fields).every((key) => all.some(([k]) => k === key)) &&
    all.every(([key, y]) => (Object.hasOwn(fields, key) ? fields : optional)[key]?.(y) ?? false);
};
const part: Check = (x) =>
  typeof x === "string" && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/.test(x) && !x.endsWith(".") &&
  !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(x);
/** A number of a name. */
export const digits = String.raw`(\d{6}|[1-9]\d{6,8})`;
/** The name of a pack; its attempt, epoch and node. */
export const pack_name = new RegExp(
  `^packs/a${digits}/e${digits}\\.(.{1,100})\\.[0-9a-f]{32}\\.pack$`,
);
const pack: Check = (x) => typeof x === "string" && part(pack_name.exec(x)?.[3]);
const tags = [64, 68, 69, 70, 71, 72, 77, 78, 79, 84, 85, 86];
const ref = map({ epoch: int(0, most), attempt: int(1, most), phase: is(...phases) });
const type = any(
  map({ kind: is("bytes") }),
  map({ kind: is("array"), tag: is(...tags) }, { shape: is_shape }),
  map({ kind: is("cbor"), is: text(64) }),
);
const place: Check = (x) =>
  list(4, int(0))(x) && (x as Place).length === 4 && (x as Place)[3] < 2 ** 32;
const sizes = { type, codec: flag, bytes: int(0) };
const whole_blob: Check = (x) => {
  const { bytes, inline, blocks } = x as Blob;
  if (inline !== undefined) return inline.length === bytes;
  return blocks!.length === Math.ceil(bytes / 262_144) &&
    blocks!.every(([, , length], i) => length === Math.min(262_144, bytes - i * 262_144));
};
const blob = any(
  map({ absent: is(true) }),
  (x) => map({ ...sizes, inline: data(4096) })(x) && whole_blob(x),
  (x) => map({ ...sizes, blocks: list(4_000_000, place) })(x) && whole_blob(x),
);
const params = names(any(num, text(), flag));
const environment = map({ deno: text(256), arch: text(256), tidemark: text(256) });
const worth = names(map({ type, bytes: data(2 ** 24) }));
const cursor = map({ position: int(0), pass: int(0), length: int(-1) });
const nullable = (check: Check) => any(is(null), check);
const digest: Check = (x) => x instanceof Uint8Array && x.length === 32;
const run = map({
  seed: int(),
  branch: int(0),
  params,
  elapsedMs: num,
  conditions: worth,
  cursors: names(names(cursor)),
  stamps: worth,
  environment,
}, {
  stop: text(),
  derived: names(names(nullable(digest))),
  migrated: nullable(list(10_000, text())),
});
const created = { createdAtMs: num };
const attempt = int(1, most);
/** What the body of a record of each kind must be. */
export const bodies: Named<Check> = {
  job: map({ ...created, job: nullable(text(256)) }),
  attempt: map({ ...created, attempt, seed: int(), params, environment }, {
    purpose: is("prune", "repair"),
  }),
  parent: map({ attempt, parent: nullable(ref) }, {
    branch: int(0),
    removals: list(1_000_000, text()),
    settled: flag,
  }),
  removal: map({ attempt, refs: list(1_000_000, ref) }),
  pin: map({ ...created, epoch: int(0, most), attempt }),
  manifest: map({
    ...created,
    job: nullable(text(256)),
    ref,
    parent: nullable(ref),
    run,
    metrics: names(num),
    packs: list(1_000_000, pack),
    nodes: names(names(blob, part, 1_000_000), part, 10_000),
  }),
};
