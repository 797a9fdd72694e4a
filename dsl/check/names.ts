/**
 * Rules about names: safe as file names everywhere, and each used once.
 *
 * @module
 */
import type { Problem } from "../errors.ts";
import { PHASES, type Subject } from "./check.ts";

const SAFE = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const OWN_MEANING = "this name has a meaning of its own in JavaScript: choose another";
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** What is wrong with a name as a file name on some system, or `undefined`. */
export function nameProblem(name: string): string | undefined {
  if (typeof name !== "string" || !SAFE.test(name)) {
    return "names have 1 to 100 letters, digits, _, - and ., and start with a letter, digit or _";
  }
  if (name === "__proto__") return OWN_MEANING;
  if (RESERVED.test(name)) return "this name is reserved on Windows: choose another";
  return name.endsWith(".") ? "names do not end with a dot" : undefined;
}

/** Names that are no file names, and names that stand for two things. */
export function checkNames(subject: Subject): readonly Problem[] {
  const { inventory, nodes } = subject;
  const kinds: readonly [string, Iterable<{ readonly name: string }>][] = [
    ["job", [{ name: subject.name }]],
    ["node", [...nodes].map((name) => ({ name }))],
    ["task", inventory.tasks],
    ["blob", inventory.blobs],
    ["param", inventory.params],
    ["resource", inventory.resources],
    ["cursor", inventory.cursors],
  ];
  return [
    ...kinds.flatMap(([kind, named]) => [...badNames(kind, named), ...duplicates(kind, named)]),
    ...sameTaskTwice(subject),
  ];
}

function badNames(kind: string, named: Iterable<{ readonly name: string }>): readonly Problem[] {
  return [...named].flatMap(({ name }) => {
    const mend = nameProblem(name) ?? keyProblem(kind, name);
    return mend === undefined
      ? []
      : [{ code: "bad-name", message: `${kind} "${name}" is not a safe name`, mend }];
  });
}

/** Blobs and nodes are keys of plain objects in what is saved. */
function keyProblem(kind: string, name: string): string | undefined {
  return (kind === "blob" || kind === "node") && name in Object.prototype ? OWN_MEANING : undefined;
}

function duplicates(kind: string, named: Iterable<{ readonly name: string }>): readonly Problem[] {
  const seen = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { name } of named) {
    const folded = String(name).toLowerCase();
    const other = seen.get(folded);
    seen.set(folded, name);
    if (other === undefined) continue;
    problems.push({
      code: "duplicate-name",
      message: other === name
        ? `two different ${kind}s are named "${name}"`
        : `${kind}s "${other}" and "${name}" differ only in upper and lower case`,
      mend: kind === "node"
        ? "rename one of them"
        : `rename one of them, or use prefix(…) where both come from one template`,
    });
  }
  return problems;
}

function sameTaskTwice({ layouts }: Subject): readonly Problem[] {
  return PHASES.flatMap((phase) => {
    const seen = new Map<string, string>();
    const told = new Set<string>();
    return layouts[phase].steps.flatMap((step) => {
      const id = `${step.task?.name}@${step.node}`;
      if (step.kind !== "task" || told.has(id)) return [];
      // The turns of a repeat have the same place.
      const place = `${step.frames.map(({ branch }) => branch)}`;
      const known = seen.get(id);
      seen.set(id, place);
      if (known === undefined || (known === place && step.round !== "")) return [];
      told.add(id);
      return [{
        code: "duplicate-task",
        message:
          `task "${step.task?.name}" stands twice in the ${phase} group on node "${step.node}"`,
        mend: "use one repeat(…) to run it several times, or prefix(…) for a second copy",
      }];
    });
  });
}
