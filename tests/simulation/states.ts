/**
 * What a disk may hold after a power cut: every file that was not synced may have lost or mixed up its
 * bytes, and every entry of a folder that was not synced may be there or not, each by itself.
 */

import type { Random } from "../crash/trials.ts";
import { Image, newFile, type SimulatedFile } from "./image.ts";

/** What becomes of a file's bytes that were not synced. */
const SHAPES = ["lost", "kept", "cut", "zeros", "garbage", "holes"] as const;
type Shape = typeof SHAPES[number];

/** Sectors of this size are written or not. */
const SECTOR_BYTES = 512;

/** Something that a power cut decides: an entry, or a file's bytes. */
type Choice =
  | {
    readonly folder: number;
    readonly name: string;
    readonly options: readonly (number | undefined)[];
    readonly now: number;
  }
  | { readonly file: number; readonly options: readonly Shape[]; readonly now: number };

/** How many states are made. */
export interface StateOptions {
  /** Where there are more states than this, so many are drawn. */
  readonly most: number;
  /** By what they are drawn. */
  readonly random: Random;
}

/** The states after a power cut, as images all of which is durable. */
export interface States {
  /** The states. */
  readonly images: readonly Image[];
  /** Whether these are all there are, but for temporary names, which are always drawn. */
  readonly isExhaustive: boolean;
}

/** The states in which a power cut may leave a disk. */
export function statesAfter(image: Image, { most, random }: StateOptions): States {
  const { choices, temporary } = choicesOf(image);
  const drawn = () => temporary.map(({ options }) => random(options.length));
  const total = choices.reduce((product, { options }) => product * options.length, 1);
  const isExhaustive = total <= most;
  const picks = isExhaustive ? allPicks(choices) : drawPicks(choices, most, random);
  const images = picks.map((pick) =>
    stateOf(image, [...choices, ...temporary], [...pick, ...drawn()])
  );
  return { images, isExhaustive };
}

/** What tells images apart. */
export function keyOf(image: Image): string {
  const parts: string[] = [];
  const walk = (folder: number): void => {
    for (const [name, node] of image.folder(folder).durable) {
      if (name.startsWith(".")) continue;
      const file = image.files.get(node);
      parts.push(`${folder}/${name}=${node}${file === undefined ? "" : `:${sumOf(file.bytes)}`}`);
      if (file === undefined) walk(node);
    }
  };
  walk(0);
  return parts.sort().join("\n");
}

const sums = new WeakMap<Uint8Array, number>();

function sumOf(bytes: Uint8Array): number {
  let sum = sums.get(bytes);
  if (sum === undefined) {
    sum = bytes.byteLength;
    for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) >>> 0;
    sums.set(bytes, sum);
  }
  return sum;
}

function choicesOf(
  image: Image,
): { readonly choices: readonly Choice[]; readonly temporary: readonly Choice[] } {
  const choices: Choice[] = [];
  const temporary: Choice[] = [];
  const named = new Set<number>();
  for (const [folder, { durable, pending }] of image.folders) {
    for (const [name, node] of durable) if (!name.startsWith(".")) named.add(node);
    for (const [name, changes] of pending) {
      const options = [...new Set(changes)];
      const choice: Choice = { folder, name, options, now: options.indexOf(changes.at(-1)) };
      // Nobody reads a temporary file, so that these need not multiply the states.
      if (name.startsWith(".")) temporary.push(choice);
      else choices.push(choice);
      if (name.startsWith(".")) continue;
      for (const node of changes) if (node !== undefined) named.add(node);
    }
  }
  for (const [file, { bytes, durable }] of image.files) {
    if (!named.has(file) || durable === bytes) continue;
    choices.push({ file, options: SHAPES, now: SHAPES.indexOf("kept") });
  }
  return { choices, temporary };
}

function allPicks(choices: readonly Choice[]): number[][] {
  let picks: number[][] = [[]];
  for (const { options } of choices) {
    picks = picks.flatMap((pick) => options.map((_, index) => [...pick, index]));
  }
  return picks;
}

/** Everything lost, everything kept, all but one thing lost, all but one kept, and random ones. */
function drawPicks(choices: readonly Choice[], most: number, random: Random): number[][] {
  const lost = choices.map(() => 0);
  const kept = choices.map(({ now }) => now);
  const near = choices.flatMap((_, index) => [
    lost.with(index, kept[index] ?? 0),
    kept.with(index, 0),
  ]);
  const picks = [lost, kept];
  while (near.length > 0 && picks.length < most / 2) {
    picks.push(...near.splice(random(near.length), 1));
  }
  while (picks.length < most) picks.push(choices.map(({ options }) => random(options.length)));
  return picks;
}

function stateOf(image: Image, choices: readonly Choice[], picks: readonly number[]): Image {
  const state = new Image();
  for (const [node, { durable }] of image.folders) {
    state.folders.set(node, { durable: new Map(durable), pending: new Map() });
  }
  for (const [node, { bytes }] of image.files) {
    state.files.set(node, newFile(bytes));
  }
  choices.forEach((choice, index) => {
    const pick = picks[index] ?? 0;
    if ("file" in choice) {
      const bytes = shaped(image.file(choice.file), choice.options[pick] ?? "lost");
      state.files.set(choice.file, newFile(bytes));
      return;
    }
    const { durable } = state.folder(choice.folder);
    const node = choice.options[pick];
    if (node === undefined) durable.delete(choice.name);
    else durable.set(choice.name, node);
  });
  return state;
}

const shapes = new WeakMap<Uint8Array, Map<string, Uint8Array>>();
/** Files that were synced are told apart by the bytes that they had then. */
const numbers = new WeakMap<Uint8Array, number>();
let nextNumber = 0;

function shaped({ bytes, durable }: SimulatedFile, shape: Shape): Uint8Array {
  if (shape === "kept") return bytes;
  if (shape === "lost") return durable;
  const known = shapes.get(bytes) ?? new Map<string, Uint8Array>();
  shapes.set(bytes, known);
  const number = numbers.get(durable) ?? nextNumber++;
  numbers.set(durable, number);
  const key = `${shape} ${number}`;
  let made = known.get(key);
  if (made === undefined) known.set(key, made = mixUp(bytes, durable, shape));
  return made;
}

/** Bytes behind the durable ones may be anything; of those that are overwritten each sector is old or new. */
function mixUp(bytes: Uint8Array, durable: Uint8Array, shape: Shape): Uint8Array {
  const from = firstChange(bytes, durable);
  const middle = (from + lastChange(bytes, durable)) >> 1;
  if (shape === "cut") {
    const cut = new Uint8Array(Math.max(durable.byteLength, middle));
    cut.set(durable);
    cut.set(bytes.subarray(0, middle));
    return cut;
  }
  const mixed = bytes.slice();
  for (let at = from; at < mixed.byteLength; at++) {
    const isOdd = ((Math.floor(at / SECTOR_BYTES)) & 1) === 1;
    const old = durable[at];
    if (old !== undefined) {
      if (shape === "zeros" || isOdd === (shape === "holes")) mixed[at] = old;
    } else if (shape !== "holes" || !isOdd) {
      mixed[at] = shape === "garbage" ? (at * 31 + 7) & 255 : 0;
    }
  }
  return mixed;
}

function firstChange(bytes: Uint8Array, durable: Uint8Array): number {
  const at = durable.findIndex((byte, at) => bytes[at] !== byte);
  return at < 0 ? durable.byteLength : at;
}

/** The end of what was changed. */
function lastChange(bytes: Uint8Array, durable: Uint8Array): number {
  if (bytes.byteLength > durable.byteLength) return bytes.byteLength;
  return 1 + durable.findLastIndex((byte, at) => bytes[at] !== byte);
}
