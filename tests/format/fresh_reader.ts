// A reader of checkpoints that follows FORMAT.md and shares no code with the product.
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  type Blob,
  bodies,
  digits,
  type Manifest,
  pack_name,
  phases,
  type Ref,
} from "./fresh_bodies.ts";
import { type Bytes, Damage, decode, must, type Named, parse } from "./fresh_values.ts";

/** A whole record of another version, which is refused by its number. */
export class OtherVersion extends Error {}
/** A blob as it was saved: `coded` says that its codec made the value. */
export type Restored = { absent: true } | { coded: boolean; value: unknown };
/** A job's folder, opened: what is saved in it, and the way to it. */
export class FreshReader {
  private constructor(
    readonly folder: string,
    private readonly names: string[],
    private readonly removed: string[],
  ) {}

  /** Opens a job's folder. */
  static async open(folder: string): Promise<FreshReader> {
    const all: string[] = [];
    for (const under of ["", "attempts/", "epochs/", "phases/", "removals/", "pins/"]) {
      try {
        for await (const entry of Deno.readDir(`${folder}/${under}`)) {
          if (entry.isFile) all.push(under + entry.name);
        }
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || under === "") throw error;
      }
    }
    const job = new FreshReader(folder, all, []);
    for (const name of all.filter((name) => kind_of(name) === "removal")) {
      const record = await job.#record(name).catch(none_if_damaged) as { refs: Ref[] } | undefined;
      const going = (record?.refs ?? []).map(name_of);
      if (!await job.#is_void(name, going)) job.removed.push(...going);
    }
    return job;
  }

  /** Whether a newer attempt than that of a removal record had not seen it, or starts from what it names. */
  async #is_void(removal: string, going: string[]): Promise<boolean> {
    for (const name of this.names.filter((name) => kind_of(name) === "parent")) {
      if (numbers(name)[0]! <= numbers(removal)[0]!) continue;
      const record = await this.#record(name).catch(none_if_damaged) as
        | { parent: Ref | null; removals?: string[] }
        | undefined;
      if (record?.removals && !record.removals.includes(removal)) return true;
      if (record?.parent && going.includes(name_of(record.parent))) return true;
    }
    return false;
  }

  /** All saved states, in order, but for those that are being removed. */
  states(): Ref[] {
    const refs = this.names.filter((name) => kind_of(name) === "manifest").map(ref_of);
    return refs.filter((ref) => !this.removed.includes(name_of(ref))).sort((a, b) =>
      a.attempt - b.attempt || before(a, b)
    );
  }

  /** The current line, oldest first. */
  async line(): Promise<Ref[]> {
    const begun = this.names.filter((name) => kind_of(name) === "parent").flatMap(numbers);
    let parent: Ref | null | undefined;
    let attempt = 0;
    for (const candidate of begun.sort((a, b) => b - a)) {
      [attempt, parent] = [candidate, await this.#parent(candidate)];
      if (parent !== undefined) break; // else nothing is known of it
    }
    const line: Ref[] = [];
    let end: Ref = { epoch: Infinity, attempt, phase: "exit" };
    while (parent !== undefined) {
      const { attempt } = end;
      const own = this.states().filter((ref) => ref.attempt === attempt);
      line.unshift(...own.filter((ref) => before(ref, end) <= 0));
      if (parent === null) break;
      [end, parent] = [parent, await this.#parent(parent.attempt) ?? null];
    }
    return line;
  }

  /** Where an attempt starts from; undefined, if its record is damaged and it has saved nothing. */
  async #parent(attempt: number): Promise<Ref | null | undefined> {
    const name = `attempts/${six(attempt)}.parent.cbor`;
    if (!this.names.includes(name)) return null;
    const record = await this.#record(name).catch(none_if_damaged) as Manifest | undefined;
    if (record) return record.parent;
    const own = this.states().filter((ref) => ref.attempt === attempt);
    for (const ref of own) {
      const manifest = await this.#record(name_of(ref)).catch(none_if_damaged) as
        | Manifest
        | undefined;
      if (manifest && manifest.parent?.attempt !== attempt) return manifest.parent;
    }
    return own.length > 0 ? null : undefined;
  }

  /** All blobs of a state, by node and name. Nothing of it is used, if any of it is damaged. */
  async restore(ref: Ref): Promise<Named<Named<Restored>>> {
    const { packs, nodes } = await this.#record(name_of(ref)) as Manifest;
    const lengths: number[] = [];
    for (const pack of packs) {
      lengths.push((await Deno.stat(`${this.folder}/${pack}`).catch(gone(pack))).size);
    }
    const restored: Named<Named<Restored>> = {};
    for (const [node, blobs] of Object.entries(nodes)) {
      const into: Named<Restored> = restored[node] = {};
      for (const [name, blob] of Object.entries(blobs)) {
        for (const [pack, offset, length] of blob.blocks ?? []) {
          must(offset + length <= (lengths[pack] ?? -1), `${packs[pack]}: it is short, or none`);
        }
        into[name] = blob.absent
          ? { absent: true }
          : { coded: blob.codec, value: decode(blob.type, await this.#bytes(packs, blob)) };
      }
    }
    return restored;
  }

  async #bytes(packs: string[], { bytes, inline, blocks }: Blob): Promise<Bytes> {
    const joined = inline ?? new Uint8Array(bytes);
    for (const [i, [pack, offset, length, sum]] of (blocks ?? []).entries()) {
      using file = await Deno.open(`${this.folder}/${packs[pack]}`).catch(gone(packs[pack]!));
      await file.seek(offset, Deno.SeekMode.Start);
      const block = joined.subarray(i * 262_144, i * 262_144 + length);
      for (let at = 0, count; at < length; at += count) {
        count = await file.read(block.subarray(at)) ?? 0;
        must(count > 0, `${packs[pack]}: it is short`);
      }
      must(crc32(block) === sum, `${packs[pack]}: the block at ${offset} is not what was saved`);
    }
    return joined;
  }

  /** What is damaged: the name of each record, and of each manifest that cannot be restored whole. */
  async damage(): Promise<string[]> {
    const found: string[] = [];
    for (const name of this.names.filter((name) => kind_of(name) !== undefined)) {
      const check = kind_of(name) === "manifest" ? this.restore(ref_of(name)) : this.#record(name);
      await check.then(
        () => {},
        (error) => error instanceof Damage ? found.push(name) : Promise.reject(error),
      );
    }
    return found;
  }

  async #record(name: string): Promise<unknown> {
    const path = `${this.folder}/${name}`;
    const kind = kind_of(name)!;
    const { size } = await Deno.stat(path).catch(gone(name));
    must(
      size > 34 && size <= (kind === "manifest" ? 2 ** 26 : 2 ** 24),
      `${name}: it has ${size} bytes`,
    );
    const bytes = await Deno.readFile(path).catch(gone(name));
    const sum = createHash("sha256").update(bytes.subarray(0, -34)).digest("hex");
    must(bytes.subarray(-34).toHex() === `5820${sum}`, `${name}: its seal is broken`);
    const sealed = parse(bytes, true);
    must(
      Array.isArray(sealed) && sealed.length === 4 && sealed[0] === `tidemark.${kind}`,
      `${name}: it is no ${kind}`,
    );
    if (sealed[1] !== 1) throw new OtherVersion(`${name}: it is of version ${sealed[1]}`);
    const body = sealed[2];
    must(bodies[kind]!(body), `${name}: it is not what a ${kind} must be`);
    if (kind === "manifest") {
      must(name_of(body.ref) === name, `${name}: it is that of another state`);
    } else if (kind !== "job") {
      must(numbers(name).at(kind === "pin" ? 1 : 0) === body.attempt, `${name}: another's`);
    }
    if (kind === "parent") {
      must((body.parent?.attempt ?? 0) < body.attempt, `${name}: its parent is no earlier one`);
    }
    for (const pack of body.packs ?? []) {
      must(Number(pack_name.exec(pack)![1]) <= body.ref.attempt, `${name}: ${pack}`);
    }
    return body;
  }
}

const shapes: [kind: string, shape: RegExp][] = [
  ["job", /^job\.cbor$/],
  ["attempt", new RegExp(`^attempts/${digits}\\.cbor$`)],
  ["parent", new RegExp(`^attempts/${digits}\\.parent\\.cbor$`)],
  ["manifest", new RegExp(`^epochs/e${digits}\\.a${digits}\\.cbor$`)],
  ["manifest", new RegExp(`^phases/e${digits}\\.a${digits}\\.(upload|download|exit)\\.cbor$`)],
  ["removal", new RegExp(`^removals/a${digits}\\.[0-9a-f]{32}\\.cbor$`)],
  ["pin", new RegExp(`^pins/e${digits}\\.a${digits}\\.cbor$`)],
];
const kind_of = (name: string) => shapes.find(([, shape]) => shape.test(name))?.[0];
const numbers = (name: string) =>
  [...name.split("/").at(-1)!.matchAll(/(?<=^|[ae])\d{6,9}/g)].map(Number);
const six = (n: number) => String(n).padStart(6, "0");
const before = (a: Ref, b: Ref) =>
  a.epoch - b.epoch || phases.indexOf(a.phase) - phases.indexOf(b.phase);

function ref_of(name: string): Ref {
  const [epoch, attempt] = numbers(name);
  return {
    epoch: epoch!,
    attempt: attempt!,
    phase: name.split(".").at(-2)!.replace(/^a\d+$/, "epoch"),
  };
}

/** The name of the manifest that a ref names. */
export function name_of({ epoch, attempt, phase }: Ref): string {
  const state = `e${six(epoch)}.a${six(attempt)}`;
  return phase === "epoch" ? `epochs/${state}.cbor` : `phases/${state}.${phase}.cbor`;
}

function gone(name: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof Deno.errors.NotFound ? new Damage(`${name}: it is missing`) : error;
  };
}

function none_if_damaged(error: unknown): undefined {
  if (!(error instanceof Damage)) throw error;
}
