/**
 * Goes through all that was done to a disk, and checks at each change what must never be broken.
 */

import {
  type AttemptInfo,
  computeLines,
  formatRef,
  type Manifest,
  type ManifestRef,
} from "../../storage/mod.ts";
import { decodeParent, decodeRemoval } from "../../storage/job_record.ts";
import {
  attemptName,
  comparePosition,
  isSameRef,
  manifestName,
  parentName,
  parseAttemptName,
  parseManifestName,
  parseRemovalName,
} from "../../storage/layout.ts";
import { decodeManifest } from "../../storage/manifest_codec.ts";
import type { LogEntry } from "../simulation/disk.ts";
import { Image } from "../simulation/image.ts";
import type { Asks } from "./asks.ts";
import { filesOf, isTorn, type PowerCut } from "./power_cuts.ts";
import { ROOT } from "../simulation/runner.ts";
import type { Note, StartMode } from "./notes.ts";
import { Pins } from "./pins.ts";
import { check } from "./promise.ts";
import { type Commit, judgeRemoval, type Moment, type Removal } from "./retention.ts";
import { NAP_MS } from "./sim_job.ts";

/** All that has happened up to a moment. */
export class Chronicle {
  /** All saves that were ever committed, by name. */
  readonly commits = new Map<string, Commit>();
  /** How many saves of fenced attempts name packs that a newer attempt has removed. */
  hollow = 0;
  /** How often the power was cut, and what that must not have taken. */
  readonly cuts: PowerCut[] = [];
  readonly #image = new Image();
  readonly #attempts = new Map<number, string>();
  readonly #parents = new Map<number, ManifestRef | undefined>();
  /** Attempts that were never the newest to have begun. */
  readonly #late = new Set<number>();
  readonly #removals = new Map<string, Removal>();
  /** Those that were there once, too. */
  readonly #everRemovals = new Map<string, Removal>();
  readonly #pins = new Pins();
  readonly #packs = new Set<string>();
  #link: { readonly by: string; readonly atMs: number } = { by: "", atMs: 0 };
  readonly #ended = new Set<string>();
  readonly #sleeping = new Map<string, number>();

  /** Takes what the plan says, and persons. */
  constructor(
    readonly asks: Asks,
    /** Whether what a step has done is durable. */
    private readonly isFine: boolean,
  ) {}

  /** Goes through a log; throws at the first thing that must not be. */
  read(log: readonly LogEntry<Note>[]): void {
    for (const entry of log) {
      if ("change" in entry) {
        this.#image.apply(entry.change);
        const name = entry.path.slice(ROOT.length + 1);
        if (entry.change.op === "link") this.#linked(name, entry.change.node);
        if (entry.change.op === "create" && name.startsWith("packs/")) this.#packs.add(name);
        if (entry.change.op === "remove") this.#removed(name);
        if (entry.change.op === "powerCut") this.#lostPower();
      } else this.#noted(entry.note);
    }
  }

  #noted(note: Note): void {
    switch (note.note) {
      case "link":
        this.#link = note;
        return;
      case "pinning":
      case "pinned":
      case "unpinning":
      case "unpinned":
        return this.#pins.note(note);
      case "saved":
        this.#acknowledged(note.ref);
        return this.asks.saved(note.by, (attempt) => this.#attempts.get(attempt));
      case "held":
        return this.asks.held(note.by, note.sinceMs);
      case "hold":
        return check(false, () => `${note.by} has ${note.what} the hold of ${note.from}, alive`);
      case "power cut":
        return void this.cuts.push({ states: note.states, ...this.#promised() });
      case "begun": {
        const isRepeat = this.isFine && this.#ended.has(note.key);
        check(!isRepeat || !this.#isHead(note.by), () => `${note.key} was done, and is done again`);
        return;
      }
      case "ended":
        this.#ended.add(note.key);
        return;
      case "sleeps":
        if (!this.#sleeping.has(note.key)) this.#sleeping.set(note.key, note.atMs);
        return;
      case "slept": {
        const sleptMs = note.atMs - (this.#sleeping.get(note.key) ?? Infinity);
        check(sleptMs >= NAP_MS, () => `${note.key} has slept ${sleptMs} ms`);
      }
    }
  }

  /** Whether a process has begun the newest attempt. */
  #isHead(process: string): boolean {
    return this.#attempts.get(Math.max(...this.#attempts.keys())) === process;
  }

  /** The saves that are there. */
  get listed(): readonly Commit[] {
    return [...this.commits.values()].filter(({ isRemoved }) => !isRemoved);
  }

  /**
   * Checks that no start has left an acknowledged save behind, but where a person chose to go back.
   *
   * @param modeOf How a process was told to start.
   */
  checkLines(modeOf: (process: string) => StartMode | undefined): void {
    const infos: AttemptInfo[] = [];
    let before: readonly ManifestRef[] = [];
    const acknowledged = [...this.commits.values()]
      .filter(({ isAcknowledged }) => isAcknowledged).map(({ ref }) => ref);
    for (const attempt of [...this.#parents.keys()].sort((a, b) => a - b)) {
      infos.push({ attempt, isStarted: true, parent: this.#parents.get(attempt) });
      if (this.#late.has(attempt)) continue;
      const { line } = computeLines(infos, acknowledged.filter((ref) => ref.attempt <= attempt));
      const chosen = this.#chainOf(attempt).filter((other) => {
        const mode = modeOf(this.#attempts.get(other) ?? "");
        return mode?.start === "fresh" || mode?.start === "from";
      });
      for (const ref of before) {
        const isOn = line.some((other) => isSameRef(other, ref)) ||
          chosen.some((other) => other > ref.attempt);
        check(isOn, () => `${formatRef(ref)} was acknowledged, and attempt ${attempt} left it out`);
      }
      before = line;
    }
  }

  /** An attempt, and those that it goes on from. */
  #chainOf(attempt: number): readonly number[] {
    const chain: number[] = [];
    for (let at: number | undefined = attempt; at !== undefined;) {
      chain.push(at);
      at = this.#parents.get(at)?.attempt;
    }
    return chain;
  }

  #linked(name: string, node: number): void {
    const bytes = this.#image.file(node).bytes;
    const attempt = parseAttemptName(name);
    const number = attempt?.attempt ?? 0;
    if (attempt?.isParent === false) this.#attempts.set(number, this.#link.by);
    if (attempt?.isParent) this.#began(number, decodeParent(number, bytes).parent);
    const ref = parseManifestName(name);
    if (ref !== undefined) this.#committed(ref, decodeManifest(ref, bytes));
    this.asks.linked(name, bytes);
    const removal = parseRemovalName(name);
    if (removal !== undefined) {
      const refs = decodeRemoval(name, bytes);
      const voidBy = [...this.#parents.keys()].filter((other) => other > removal.attempt);
      const judged = { refs, wrong: judgeRemoval(this.#moment(removal.attempt), refs), voidBy };
      this.#removals.set(name, judged);
      this.#everRemovals.set(name, judged);
    }
  }

  /** What must be there whatever a power cut takes now. */
  #promised(): Omit<PowerCut, "states"> {
    // A power cut may take what makes one void.
    const leaving = [...this.#removals.values()].flatMap(({ refs }) => refs);
    const acknowledged = this.listed.filter(({ isAcknowledged }) => isAcknowledged)
      .map(({ ref }) => ref);
    return {
      saves: acknowledged.filter((ref) => !leaving.some((other) => isSameRef(other, ref))),
      pinned: this.#pins.refs,
      parents: new Map(
        acknowledged.map(({ attempt }) => [attempt, this.#parents.get(attempt)] as const),
      ),
      fenced: new Set(
        [...this.commits].filter(([, { isFenced }]) => isFenced).map(([name]) => name),
      ),
    };
  }

  /** Takes note of what a power cut has left. */
  #lostPower(): void {
    const files = filesOf(this.#image);
    for (const attempt of [...this.#attempts.keys()]) {
      if (!files.has(attemptName(attempt))) this.#attempts.delete(attempt);
      if (files.has(parentName(attempt))) continue;
      this.#parents.delete(attempt);
      this.#late.delete(attempt);
    }
    for (const [name, commit] of this.commits) {
      commit.isRemoved = !files.has(manifestName(commit.ref));
      if (commit.isRemoved && !commit.isAcknowledged) this.commits.delete(name);
      commit.isFenced &&= this.#attempts.has(commit.ref.attempt + 1);
    }
    this.#packs.clear();
    this.#removals.clear();
    this.asks.lostPower(files);
    for (const [name, bytes] of files) {
      if (name.startsWith("packs/")) this.#packs.add(name);
      const removal = this.#everRemovals.get(name);
      if (removal !== undefined && !isTorn(name, bytes)) this.#removals.set(name, removal);
    }
  }

  #began(attempt: number, parent: ManifestRef | undefined): void {
    if ([...this.#parents.keys()].some((other) => other > attempt)) this.#late.add(attempt);
    this.#parents.set(attempt, parent);
  }

  #committed(ref: ManifestRef, manifest: Manifest): void {
    const isFenced = this.#attempts.has(ref.attempt + 1);
    const missing = manifest.packs.find((pack) => !this.#packs.has(pack));
    if (missing !== undefined && isFenced) this.hollow++;
    check(
      missing === undefined || isFenced,
      () => `${formatRef(ref)} names ${missing}, which is not there`,
    );
    const commit = { ref, manifest, isFenced, isAcknowledged: false, isRemoved: false };
    this.commits.set(formatRef(ref), commit);
  }

  #acknowledged(ref: ManifestRef): void {
    const commit = this.commits.get(formatRef(ref));
    check(commit !== undefined, () => `${formatRef(ref)} was acknowledged before it was committed`);
    if (commit === undefined) return;
    check(!commit.isRemoved, () => `${formatRef(ref)} was acknowledged, and is removed`);
    check(!commit.isFenced, () => `${formatRef(ref)} was acknowledged to a fenced attempt`);
    commit.isAcknowledged = true;
  }

  #removed(name: string): void {
    const ref = parseManifestName(name);
    if (ref !== undefined) {
      const commit = this.commits.get(formatRef(ref));
      if (commit === undefined || commit.isRemoved) return;
      const records = [...this.#removals.values()]
        .filter(({ refs }) => refs.some((other) => isSameRef(other, ref)));
      check(records.length > 0, () => `${formatRef(ref)} is removed, and no record says so`);
      const wrong = records.map((record) => record.wrong.get(formatRef(ref)));
      check(wrong.includes(undefined), () => `${formatRef(ref)} is removed: ${wrong[0]}`);
      check(
        !this.#pins.refs.some((other) => isSameRef(ref, other)),
        () => `${formatRef(ref)} is removed, and pinned`,
      );
      commit.isRemoved = true;
    }
    this.#removals.delete(name);
    this.asks.removed(name);
    if (!this.#packs.delete(name)) return;
    for (const { ref, manifest, isFenced } of this.listed) {
      const isNamed = manifest.packs.includes(name);
      if (isNamed && isFenced) this.hollow++;
      check(!isNamed || isFenced, () => `${name} is removed, which ${formatRef(ref)} names`);
    }
  }

  /** What somebody is removing. */
  get #leaving(): readonly ManifestRef[] {
    const isVoid = ({ voidBy }: Removal) => voidBy.some((attempt) => this.#parents.has(attempt));
    return [...this.#removals.values()].flatMap((removal) => isVoid(removal) ? [] : removal.refs);
  }

  /** The moment at which an attempt is about to remove. */
  #moment(attempt: number): Moment {
    const leaving = this.#leaving;
    return {
      there: this.listed.filter(({ ref }) => !leaving.some((other) => isSameRef(ref, other))),
      attempts: [...this.#attempts.keys()].sort((a, b) => a - b).map((attempt) => ({
        ...{ attempt, isStarted: this.#parents.has(attempt), parent: this.#parents.get(attempt) },
      })),
      kept: this.asks.keptBy(attempt, this.#attempts.get(attempt)),
      atMs: this.#link.atMs,
    };
  }

  /** The current line, as far as it is there. */
  get line(): readonly ManifestRef[] {
    const infos = [...this.#parents].sort(([a], [b]) => a - b)
      .map(([attempt, parent]): AttemptInfo => ({ attempt, isStarted: true, parent }));
    return [...computeLines(infos, this.listed.map(({ ref }) => ref)).line].sort(comparePosition);
  }
}
