/**
 * What one run of a group records, and what it need not do again.
 *
 * @module
 */
import type { ParamValues, PlacedStep } from "../../dsl/layout.ts";
import type { AnyTask, When } from "../../dsl/mod.ts";
import { isToken } from "../../dsl/access.ts";
import {
  decodeValue,
  type EncodedValue,
  encodeValue,
  type EntrySite,
  type OutputToLog,
  type PresentBlob,
  type TaskEntry,
} from "../../storage/mod.ts";
import { decodeBlob } from "../checkpoint/restore.ts";
import type { Cursors } from "../session/cursors.ts";
import type { Workspace } from "../session/workspace.ts";
import { codeOfGate, codeOfStep, codeOfText, paramsOf } from "./code.ts";
import type { Journal } from "./journal.ts";
import { isLogged, judgeReuse, type ReuseVerdict } from "./reuse.ts";

/** A result that was recorded. */
export interface Recalled {
  /** It. */
  readonly value: unknown;
}

/** What the context of one task records. */
export interface TaskJournal {
  /** The recorded result of a piece; none where it has none, or would not get the same inputs now. */
  recall(key: string, code: string): Recalled | undefined;
  /** Records a piece's result, durably; `undefined` where pieces are not recorded. */
  record(key: string, code: string, value: unknown): Promise<void> | undefined;
  /** A time that the task got, or waits for: the recorded one, or the one given, once it is recorded. */
  time(key: string, ms: () => number): Promise<number>;
}

/** The record of one run of a group. */
export class GroupJournal {
  readonly #verdicts: readonly ReuseVerdict[];
  readonly #indices: ReadonlyMap<string, number>;

  /** Judges what need not run again. */
  constructor(
    private readonly journal: Journal,
    private readonly steps: readonly PlacedStep[],
    private readonly site: Omit<EntrySite, "id">,
    private readonly params: ParamValues,
  ) {
    const { phase, epoch } = site;
    this.#verdicts = journal.isFine
      ? judgeReuse(steps, {
        entryOf: (id) => journal.entryOf({ phase, epoch, id }),
        isSaved: journal.isSaved,
        params,
      })
      : [];
    this.#indices = new Map(steps.map(({ id, index }) => [id, index]));
  }

  /** Whether finished tasks and pieces are recorded, and not only times. */
  get isFine(): boolean {
    return this.journal.isFine;
  }

  /** How many tasks need not run again. */
  get reused(): number {
    return this.#verdicts.filter(({ entry }) => entry?.kind === "task").length;
  }

  /** What was recorded of a step that need not run again. */
  entryOf(index: number): ReuseVerdict["entry"] {
    return this.#verdicts[index]?.entry;
  }

  /** Sets what a task has written that need not run again. */
  async restore(
    step: PlacedStep,
    { outputs = {}, cursors: taken }: TaskEntry,
    workspace: Workspace,
    cursors: Cursors,
  ): Promise<void> {
    for (const [name, entry] of Object.entries(outputs)) {
      if ("absent" in entry) continue;
      const plain = decodeValue(entry.type, await this.#bytesOf(entry), { transfer: true });
      const value = await decodeBlob(workspace.declared.get(name), plain);
      workspace.drop(name);
      workspace.set(name, value);
    }
    for (const { cursor, take, length } of taken) {
      const token = cursorsOf(step.task).find(({ name }) => name === cursor);
      if (token !== undefined) cursors.retake(token, step.node, take, length);
    }
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
    if (hasRun && step.writes.some(({ blob }) => blob.codec !== undefined)) {
      return this.#finishedWithCodec(step, task, workspace, cursors);
    }
    const outputs: Record<string, OutputToLog> = {};
    for (const { blob: { name } } of hasRun ? step.writes : []) {
      if (!workspace.has(name)) continue;
      outputs[name] = { encoded: copied(encodeValue(workspace.get(name), { name })), codec: false };
    }
    return this.#log(step, task, hasRun ? outputs : undefined, cursors);
  }

  /** Records the condition of a group that was judged. */
  judged(step: PlacedStep, condition: When, isOpen: boolean): Promise<void> | undefined {
    if (!this.journal.isFine) return undefined;
    const code = codeOfGate(step, condition, this.params);
    return this.journal.log({ kind: "gate", ...this.site, id: step.id, code, isOpen });
  }

  /** What a task's context records. */
  task(id: string): TaskJournal {
    const { journal } = this;
    const site = { ...this.site, id };
    const index = this.#indices.get(id);
    const { dependsOn = [], task } = index === undefined ? {} : this.steps[index] ?? {};
    const given = task === undefined ? "" : paramsOf(task, this.params);
    const pieceCode = (code: string): string => `${code.slice(0, 16)}${codeOfText(given)}`;
    const isSame = dependsOn.every((before) => this.#verdicts[before]?.isSame !== false);
    return {
      recall: (key, code) => isSame ? journal.recall(site, key, pieceCode(code)) : undefined,
      record: (key, code, value) => {
        if (!journal.isFine) return undefined;
        const { type, parts: [bytes = new Uint8Array()] } = copied(
          encodeValue(value, { name: key }),
        );
        const entry = { kind: "piece", ...site, key, code: pieceCode(code) } as const;
        return journal.record({ ...entry, value: { type, bytes } });
      },
      time: async (key, ms) => {
        const known = journal.timeOf(site, key);
        if (known !== undefined) return known;
        const entry = { kind: "time", ...site, key, ms: ms() } as const;
        await journal.record(entry);
        return entry.ms;
      },
    };
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
    await this.#log(step, task, outputs, cursors);
  }

  #log(
    step: PlacedStep,
    task: AnyTask,
    outputs: Readonly<Record<string, OutputToLog>> | undefined,
    cursors: Cursors,
  ): Promise<void> | undefined {
    const taken = outputs === undefined
      ? []
      : cursorsOf(task).flatMap((cursor) => cursors.takenOf(cursor, step.node) ?? []);
    const code = codeOfStep(step, task, this.params);
    return this.journal.log({
      ...{ kind: "task", ...this.site, id: step.id, code, outputs, cursors: taken },
    });
  }

  async #bytesOf(entry: PresentBlob): Promise<Uint8Array<ArrayBuffer>> {
    return entry.inline === undefined ? await this.journal.read(entry) : entry.inline.slice();
  }
}

/** A value in memory of its own, as the next task may change it before it is written. */
function copied({ type, parts, byteLength }: EncodedValue): EncodedValue {
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return { type, parts: [bytes], byteLength };
}

function cursorsOf(task: AnyTask | undefined) {
  return Object.values(task?.declaration.reads ?? {}).flat()
    .filter((token) => isToken(token) && token.kind === "cursor");
}
