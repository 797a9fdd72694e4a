/**
 * Describes a job as compiled, and what it is written in.
 *
 * @module
 */
import { conditionTokens, tokensOf } from "../../dsl/access.ts";
import { Inventory } from "../../dsl/check/inventory.ts";
import type { AnyBlob, AnyTask, AnyToken, JobOptions } from "../../dsl/mod.ts";
import { type JobDescription, type JobParts, makeDescription } from "../../storage/mod.ts";
import { initialType } from "../checkpoint/initial_type.ts";
import type { Program } from "../program.ts";
import type { Sources } from "./sources.ts";
import { hashOf } from "./tokens.ts";
import {
  codeWords,
  conditionWords,
  cursorWords,
  keepWords,
  paramWords,
  readsWords,
  stepsWords,
} from "./words.ts";

/** Longer texts end in a hash of all of them. */
const MOST_TEXT = 8_000;
/** The same of names. */
const MOST_NAME = 200;

type Fields = Readonly<Record<string, string | undefined>>;

/** The groups of a job. */
const GROUPS = ["init", "epoch", "download", "exit"] as const;

/**
 * Describes a job: the same description for the same job, whatever its comments and layout are, and in
 * whatever order its parts were found.
 */
export function describeJob(program: Program, sources: Sources): JobDescription {
  const { shape, plan, declaredParams, until } = program;
  const { tasks, blobs, resources, cursors } = new Inventory(shape, {});
  const usedOtherwise = resourcesOf([...tasks].filter((task) => !derives(task)));
  const saved = new Set(program.saved.map(({ blob }) => blob));
  const groups = GROUPS.map((name) => {
    return { name, tasks: new Set(program.groups[name].steps.map(({ task }) => task)) };
  });
  const groupsOf = (task: AnyTask): string =>
    groups.filter((group) => group.tasks.has(task)).map(({ name }) => name).join(", ");
  return makeDescription({
    tasks: partOf(tasks, (task) => taskFields(task, groupsOf(task))),
    groups: partOf(GROUPS.map((name) => ({ name })), ({ name }) => ({
      steps: stepsWords(shape[name] ?? []),
    })),
    blobs: partOf(blobs, (blob) => blobFields(blob, saved.has(blob), sources)),
    nodes: partOf(nodesOf(program), ({ saves }) => ({ saves })),
    params: partOf(declaredParams.values(), (param) => ({ is: paramWords(param) })),
    resources: partOf(resources, (resource) => ({
      code: codeWords(resource.open, resource.close, resource.stamp),
      reads: readsWords(resource.reads),
      derives: usedOtherwise.has(resource) ? undefined : "yes",
    })),
    cursors: partOf(cursors, (cursor) => ({ takes: cursorWords(cursor) })),
    until: { job: bounded({ is: until.map(conditionWords).join(" or ") }) },
    plan: planPart(plan),
    migrations: partOf(plan.migrate ?? [], ({ task }) => ({ code: codeWords(task.body) })),
    modules: partOf(entries(sources.modules), ({ value }) => value),
    locks: sources.locks,
    unseen: partOf(sources.unseen.map((name) => ({ name })), () => ({})),
  });
}

/** The nodes, each with what is saved of it, where that is not too much to be told. */
function nodesOf({ saved }: Program): { readonly name: string; readonly saves?: string }[] {
  return [...Map.groupBy(saved, ({ node }) => node)].map(([name, placed]) => {
    const saves = placed.map(({ blob }) => blob.name).sort().join(", ");
    return { name, ...saves.length > MOST_TEXT ? {} : { saves } };
  });
}

function partOf<T extends { readonly name: string }>(
  items: Iterable<T>,
  fieldsOf: (item: T) => Fields,
): JobParts[string] {
  const named = [...items].map((item) => [short(item.name, MOST_NAME), bounded(fieldsOf(item))]);
  return Object.fromEntries(named);
}

function entries<T>(object: Readonly<Record<string, T>>): { name: string; value: T }[] {
  return Object.entries(object).map(([name, value]) => ({ name, value }));
}

/** Fields that are set, of bounded size. */
function bounded(fields: Fields): Record<string, string> {
  const known = Object.entries(fields).filter(([, text]) => text !== undefined);
  return Object.fromEntries(
    known.map(([key, text = ""]) => [short(key, MOST_NAME), short(text, MOST_TEXT)]),
  );
}

function short(text: string, most: number): string {
  const whole = text.toWellFormed();
  return whole.length <= most
    ? whole
    : `${whole.slice(0, most - 40).toWellFormed()} #${hashOf(text)}`;
}

/** Whether what a task writes is derived, so that it runs again on a resume. */
function derives({ declaration }: AnyTask): boolean {
  return tokensOf(declaration.writes).some((token) => token.kind === "blob" && token.derived);
}

/** All resources that tasks use, by others and by cursors too. */
function resourcesOf(tasks: readonly AnyTask[]): ReadonlySet<unknown> {
  const found = new Set<unknown>();
  const visit = (token: AnyToken): void => {
    if (token.kind === "cursor") return visit(token.over);
    if (token.kind !== "resource" || found.has(token)) return;
    found.add(token);
    for (const read of Object.values(token.reads)) visit(read);
  };
  for (const { declaration: { reads, if: condition } } of tasks) {
    tokensOf(reads).forEach(visit);
    if (condition !== undefined) conditionTokens(condition).forEach(visit);
  }
  return found;
}

function taskFields(task: AnyTask, groups: string): Fields {
  const { body, declaration } = task;
  const { reads, updates, writes, version, after, retry, timeout, if: condition } = declaration;
  const { attempts, delay, maxDelay, restore = true, if: worthIt } = retry ?? {};
  return {
    in: groups,
    derives: derives(task) ? "yes" : undefined,
    ...{ reads: readsWords(reads), updates: readsWords(updates), writes: readsWords(writes) },
    code: codeWords(body),
    version: version === undefined ? undefined : String(version),
    if: condition && conditionWords(condition),
    after: after.length === 0 ? undefined : after.map((task) => task.name).sort().join(", "),
    retry: retry && [attempts, delay, maxDelay, worthIt && `#${codeWords(worthIt).slice(0, 8)}`]
      .filter((word) => word !== undefined).join(" "),
    restore: restore ? undefined : "no",
    timeout,
  };
}

function blobFields(blob: AnyBlob, isSaved: boolean, { types }: Sources): Fields {
  const { initial, codec } = blob;
  return {
    saved: isSaved ? "yes" : "no",
    derived: blob.derived ? "yes" : undefined,
    codec: codec && codeWords(codec.encode, codec.decode),
    initial: initial && codeWords(initial),
    type: isSaved && initial !== undefined && codec === undefined
      ? initialType(blob)?.words
      : undefined,
    // Of what has neither, the text is all that says it.
    declared: isSaved && initial === undefined && codec === undefined
      ? types.get(blob.name)
      : undefined,
  };
}

function planPart(
  { every, keep, blobs: _, migrate: __, ...others }: JobOptions["checkpoint"],
): JobParts[string] {
  const words = {
    ...others,
    every: typeof every === "object" ? conditionWords(every) : every,
    keep: keep?.map(keepWords).sort().join("; "),
  };
  const set = entries<string | undefined>(words).filter(({ value }) => value !== undefined);
  return partOf(set, ({ value }) => ({ is: value }));
}
