// Nodes that a job has no longer, or whose blobs other nodes have now.
import { assertEquals, assertRejects } from "@std/assert";
import { blob, epochs, job, nodes, replicate, task } from "../../../dsl/mod.ts";
import type { Job } from "../../../dsl/mod.ts";
import { JobChangedError } from "../../../runtime/change/errors.ts";
import { movedBlobs } from "../../../runtime/change/moved_blobs.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";

const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { total }, writes: { total } })
  .run(({ total }, { epoch }) => ({ total: total + epoch }));

let made = 0;

function jobOf(where: readonly string[], count: number, to: string): Job {
  return job("moved", {
    epoch: [replicate(where, add)],
    until: epochs(count),
    checkpoint: { to },
  });
}

async function run(job: Job, options: JobRunnerOptions = {}): Promise<void> {
  await using session = new LocalSession();
  await new JobRunner(job, { resumeFromEpoch: "auto", ...options }).run(session);
}

const GONE =
  "what was saved of that stays in the old checkpoints only, as no other node goes on from it";

for (
  const [how, before, now, lost] of [
    ["renamed", ["boss"], ["chief"], ['node "boss" is gone, with its "total"']],
    ["one fewer", nodes("w", 3), nodes("w", 2), ['node "w_2" is gone, with its "total"']],
    ["one more", nodes("w", 2), nodes("w", 3), []],
  ] as const
) {
  Deno.test(`nodes: ${how}: what is not gone on from is told, and is to be allowed once`, async () => {
    const to = `memory:moved-${made++}`;
    await run(jobOf(before, 1, to));
    const edited = jobOf(now, 2, to);
    const { changes } = await new JobRunner(edited, { to }).changesSince();
    const told = changes.filter(({ why }) => why === GONE);
    assertEquals(
      told.map(({ what, verdict }) => [what, verdict]),
      lost.map((what) => [what, "to be allowed"]),
    );
    if (lost.length > 0) await assertRejects(() => run(edited), JobChangedError, lost[0]);
    await run(edited, { allowChange: true });
    await run(jobOf(now, 3, to));
  });
}

Deno.test("nodes: a blob that is gone everywhere, or was never saved there, is told otherwise or not", () => {
  const of = (saves: Record<string, string>) =>
    Object.fromEntries(Object.entries(saves).map(([node, names]) => [node, { saves: names }]));
  const told = (before: Record<string, string>, now: Record<string, string>) =>
    movedBlobs(of(before), of(now)).map(({ what }) => what);
  assertEquals(told({ a: "x, y" }, { a: "x" }), []);
  assertEquals(told({ a: "x, y" }, { a: "x", b: "y" }), ['node "a" has its "y" no longer']);
  assertEquals(told({ a: "x", b: "" }, { a: "x" }), []);
  assertEquals(told({}, { a: "x" }), []);
});
