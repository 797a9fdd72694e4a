/**
 * Rules about the migrations of a checkpoint plan.
 *
 * @module
 */
import { tokensOf } from "../access.ts";
import type { Problem } from "../errors.ts";
import type { Migration } from "../migration.ts";
import type { AnyBlob } from "../token.ts";
import type { Subject } from "./check.ts";
import { nameProblem } from "./names.ts";
import { isSaved } from "./plan.ts";

/** Migrations of one name, and those that make what nothing reads. */
export function checkMigrations({ options, inventory }: Subject): readonly Problem[] {
  const { migrate = [] } = options.checkpoint;
  const names = new Set<string>();
  return migrate.flatMap((migration, index): readonly Problem[] => {
    const { name } = migration;
    const where = `migration "${name}"`;
    const mend = nameProblem(name);
    const problems: Problem[] = mend === undefined
      ? []
      : [{ code: "bad-name", message: `${where} is not a safe name`, mend }];
    if (names.has(name)) {
      const mend = "give each its own: by its name a job knows which it has gone through";
      problems.push({ code: "same-name", message: `two migrations have the name "${name}"`, mend });
    }
    if (name === "none") {
      const mend = "give it another: --migrated none says that an epoch has gone through none";
      problems.push({ code: "bad-name", message: `${where} has a name that means none`, mend });
    }
    names.add(name);
    const later = migrate.slice(index + 1);
    for (const blob of tokensOf(migration.task.declaration.writes) as readonly AnyBlob[]) {
      const isUsed = inventory.blobs.has(blob) && isSaved(options.checkpoint, blob);
      if (isUsed || later.some((other) => reads(other, blob))) continue;
      problems.push({
        code: "migrates-nothing",
        message: `${where} writes blob "${blob.name}", which is none of the job's saved blobs`,
        mend: "write the job's own token, or one that a later migration reads",
      });
    }
    return problems;
  });
}

function reads({ task }: Migration, { name }: AnyBlob): boolean {
  const tokens = tokensOf(task.declaration.reads) as readonly AnyBlob[];
  return tokens.some((token) => token.name === name);
}
