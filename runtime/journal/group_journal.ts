/**
 * What one run of a group records, and what it need not do again.
 *
 * @module
 */
import { conditionTokens, tokensOf } from "../../dsl/access.ts";
import type { ParamValues, PlacedStep } from "../../dsl/layout.ts";
import type { AnyTask, AnyToken, CursorRef, When } from "../../dsl/mod.ts";
import {
  type CursorTaken,
  decodeValue,
  type EncodedValue,
  encodeValue,
  type EntrySite,
  type GateEntry,
  type OutputToLog,
  type TaskEntry,
} from "../../storage/mod.ts";
import { decodeBlob } from "../checkpoint/restore.ts";
import type { Cursors } from "../session/cursors.ts";
import type { Workspace } from "../session/workspace.ts";
import { DERIVED_KEY } from "./entries.ts";
import type { Journal } from "./journal.ts";
import type { Tally } from "./recorded.ts";
import { isLogged, judgeReuse, type Reuse } from "./reuse.ts";
import { TaskJournal } from "./task_journal.ts";

const NOTHING: Reuse = { verdicts: [], codes: [], isWhole: true };

/** The record of one run of a group. */
export class GroupJournal {
  readonly #reuse: Reuse;
  readonly #indices: ReadonlyMap<string, number>;
  /** The steps that run again whatever was recorded of them. */
  readonly #stale = new Set<number>();

  /** Judges what need not run again. */
  constructor(
    private readonly journal: Journal,
    private readonly steps: readonly PlacedStep[],
    private readonly site: Omit<EntrySite, "id">,
    private readonly params: ParamValues,
  ) {
    this.#reuse = journal.isFine ? this.#judge() : NOTHING;
    this.#indices = new Map(steps.map(({ id, index }) => [id, index]));
    if (this.#reuse.isWhole) return;
    const used = new Set(this.#reuse.verdicts.flatMap(({ entry }) => entry?.id ?? []));
    for (const id of journal.recordedOf(site)) if (!used.has(id)) journal.void(site, id);
    journal.void(site);
  }

  /** Whether finished tasks and pieces are recorded, and not only times. */
  get isFine(): boolean {
    return this.journal.isFine;
  }

  /** What need not be done again. */
  get reused(): Tally {
    const tasks = this.#reuse.verdicts.filter(({ entry }) => entry?.kind === "task").length;
    return { tasks, pieces: this.isFine ? this.journal.tally(this.site).pieces : 0 };
  }

  /** What was recorded of a step that need not run again. */
  entryOf(index: number): TaskEntry | GateEntry | undefined {
    return this.#stale.has(index) ? undefined : this.#reuse.verdicts[index]?.entry;
  }

  /** Lets all that waits for a step run again, as what it has derived is another now. */
  derivedAnew({ index }: PlacedStep): void {
    const before = new Set([index]);
    for (let known = 0; known < before.size;) {
      known = before.size;
      for (const { index: at, dependsOn } of this.steps) {
        if (dependsOn.some((one) => before.has(one))) before.add(at);
      }
    }
    for (const at of before) {
      const id = this.steps[at]?.id;
      if (at === index || id === undefined) continue;
      this.#stale.add(at);
      this.journal.void(this.site, id);
    }
    this.journal.void(this.site);
  }

  /** Sets what a task has written that need not run again. */
  async restore(
    step: PlacedStep,
    { outputs = {}, cursors: taken }: TaskEntry,
    workspace: Workspace,
    cursors: Cursors,
  ): Promise<void> {
    const updated = new Set(tokensOf(step.task?.declaration.updates ?? {}).map(nameOf));
    for (const [name, entry] of Object.entries(outputs)) {
      if ("absent" in entry) continue;
      const bytes = entry.inline === undefined
        ? await this.journal.read(entry)
        : entry.inline.slice();
      const plain = decodeValue(entry.type, bytes, { transfer: true });
      const value = await decodeBlob(workspace.declared.get(name), plain);
      // What a task replaces may still be held as its previous value; what it updates is gone.
      if (updated.has(name)) workspace.drop(name);
      workspace.set(name, value);
    }
    this.#retake(step, taken, cursors);
  }

  /** Takes from cursors again what a condition took that need not be judged again. */
  reopen(step: PlacedStep, { cursors: taken }: GateEntry, cursors: Cursors): void {
    this.#retake(step, taken, cursors);
  }

  /** Records a task that has ended; to be awaited where it gives a promise. */
  finished(
    step: PlacedStep,
    task: AnyTask,
    hasRun: boolean,
    workspace: Workspace,
    cursors: Cursors,
  ): Promise<void> | undefined {
    if (!this.journal.isFine || !isLogged(step, this.journal.isSaved)) return undefined;
    if (!hasRun) return this.#log(step, undefined, takenBy(task, step, cursors));
    if (step.writes.some(({ blob }) => blob.codec !== undefined)) {
      return this.#finishedWithCodec(step, task, workspace, cursors);
    }
    const outputs: Record<string, OutputToLog> = {};
    for (const { blob: { name } } of step.writes) {
      if (!workspace.has(name)) continue;
      outputs[name] = { encoded: copied(encodeValue(workspace.get(name), { name })), codec: false };
    }
    return this.#log(step, outputs, takenBy(task, step, cursors));
  }

  /** Records the condition of a group that was judged. */
  judged(
    step: PlacedStep,
    condition: When,
    isOpen: boolean,
    cursors: Cursors,
  ): Promise<void> | undefined {
    if (!this.journal.isFine) return undefined;
    return this.journal.log({
      ...{ kind: "gate", ...this.site, id: step.id, code: this.#reuse.codes[step.index] ?? "" },
      ...{ isOpen, cursors: takenFrom(conditionTokens(condition), step, cursors) },
    });
  }

  /** The digests of what a task has derived before the run was ended; none where it was another task then. */
  derivedBefore({ id, index }: PlacedStep): Readonly<Record<string, string | null>> | undefined {
    if (!this.journal.isFine) return undefined;
    const code = (): string => this.#reuse.codes[index] ?? "";
    const known = this.journal.recall({ ...this.site, id }, DERIVED_KEY, code);
    return known?.value as Readonly<Record<string, string | null>> | undefined;
  }

  /** Records the digests of what a task has derived, before what other tasks make of it is. */
  async derivedNow(
    { id, index }: PlacedStep,
    digests: Readonly<Record<string, string | null>>,
  ): Promise<void> {
    if (!this.journal.isFine) return;
    const { type, parts: [bytes = new Uint8Array()] } = copied(encodeValue(digests));
    const code = this.#reuse.codes[index] ?? "";
    const entry = { kind: "piece", ...this.site, id, key: DERIVED_KEY, code } as const;
    await this.journal.record({ ...entry, value: { type, bytes } }, true);
  }

  /** What a task's context records. */
  task(id: string): TaskJournal {
    const index = this.#indices.get(id);
    const step = index === undefined ? undefined : this.steps[index];
    const { verdicts } = this.#reuse;
    const isSame = !this.#stale.has(index ?? -1) &&
      (step?.dependsOn.every((before) => verdicts[before]?.isSame !== false) ?? true);
    const { params } = this;
    return new TaskJournal(this.journal, { ...this.site, id }, {
      task: step?.task,
      params,
      isSame,
    });
  }

  #judge(): Reuse {
    const { phase, epoch } = this.site;
    return judgeReuse(this.steps, {
      entryOf: (id) => this.journal.entryOf({ phase, epoch, id }),
      isSaved: this.journal.isSaved,
      params: this.params,
    }, this.journal.recordedOf(this.site).length);
  }

  async #finishedWithCodec(
    step: PlacedStep,
    task: AnyTask,
    workspace: Workspace,
    cursors: Cursors,
  ): Promise<void> {
    const outputs: Record<string, OutputToLog> = {};
    for (const { blob: { name, codec } } of step.writes) {
      if (!workspace.has(name)) continue;
      const value = workspace.get(name);
      const plain = codec === undefined ? value : await codec.encode(value as never);
      const encoded = copied(encodeValue(plain, { name }));
      outputs[name] = { encoded, codec: codec !== undefined };
    }
    await this.#log(step, outputs, takenBy(task, step, cursors));
  }

  #log(
    { id, index }: PlacedStep,
    outputs: Readonly<Record<string, OutputToLog>> | undefined,
    cursors: readonly CursorTaken[],
  ): Promise<void> | undefined {
    const code = this.#reuse.codes[index] ?? "";
    this.journal.mark(this.site);
    return this.journal.log({ kind: "task", ...this.site, id, code, outputs, cursors });
  }

  #retake(step: PlacedStep, taken: readonly CursorTaken[], cursors: Cursors): void {
    const tokens = step.condition === undefined
      ? readsOf(step.task)
      : conditionTokens(step.condition);
    for (const { cursor, take, length } of taken) {
      const token = cursorsIn(tokens).find(({ name }) => name === cursor);
      if (token !== undefined) cursors.retake(token, step.node, take, length);
    }
  }
}

/** A value in memory of its own, as the next task may change it before it is written. */
export function copied({ type, parts, byteLength }: EncodedValue): EncodedValue {
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return { type, parts: [bytes], byteLength };
}

/** All that a task reads, its condition too, which may be judged where the task is skipped. */
function readsOf(task: AnyTask | undefined): readonly AnyToken[] {
  if (task === undefined) return [];
  const { reads, if: condition } = task.declaration;
  return [...tokensOf(reads), ...condition === undefined ? [] : conditionTokens(condition)];
}

function takenBy(task: AnyTask, step: PlacedStep, cursors: Cursors): readonly CursorTaken[] {
  return takenFrom(readsOf(task), step, cursors);
}

function takenFrom(
  tokens: readonly AnyToken[],
  { node }: PlacedStep,
  cursors: Cursors,
): readonly CursorTaken[] {
  return cursorsIn(tokens).flatMap((cursor) => cursors.takenOf(cursor, node) ?? []);
}

function cursorsIn(tokens: readonly AnyToken[]): readonly CursorRef<unknown>[] {
  return tokens.filter((token) => token.kind === "cursor");
}

function nameOf(token: AnyToken): string {
  return token.kind === "blob" ? token.name : "";
}
