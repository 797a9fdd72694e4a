// What a journal's writer refuses: what comes after its end, and what nobody would read.
import { assertEquals, assertRejects } from "@std/assert";
import type { CheckpointPlan } from "../../../dsl/mod.ts";
import type { Attempts } from "../../../runtime/checkpoint/attempts.ts";
import { SaveError } from "../../../runtime/errors.ts";
import { Events } from "../../../runtime/events.ts";
import { JournalWriter } from "../../../runtime/journal/journal_writer.ts";
import {
  CheckpointStore,
  listLogObjects,
  type LogSource,
  MemoryStore,
} from "../../../storage/mod.ts";
import { begin } from "../../storage/sample.ts";

async function writer(
  sources: readonly LogSource[] = [],
  policy: NonNullable<CheckpointPlan["onSaveError"]> = "fail",
) {
  const store = new MemoryStore();
  const current = await begin(await CheckpointStore.open(store, { job: "job" }));
  const attempts: Pick<Attempts, "current"> = { current };
  const journal = new JournalWriter({
    ...{ attempts: attempts as Attempts, sources, policy, from: undefined, place: store.place },
    head: { branch: 1, seed: 1, params: {} },
    events: new Events(),
    signal: new AbortController().signal,
  });
  return { store, journal };
}

const time = (key: string) => ({
  ...{ kind: "time", phase: "epoch", epoch: 1, id: "wait", key, ms: 1 } as const,
});

Deno.test("journal: nothing is recorded once it is closed", async () => {
  const { store, journal } = await writer();
  await journal.write(time("a"));
  await journal.flush();
  journal.close();
  const before = await listLogObjects(store);
  assertEquals(before.length, 1);
  await assertRejects(() => journal.write(time("late")), SaveError, "its run has ended");
  await assertRejects(async () => await journal.enqueue(time("late")), SaveError);
  assertEquals(await listLogObjects(store), before);
  await journal.flush();
});

Deno.test("journal: more than whoever resumes would read is refused, whatever the policy waits for", async () => {
  const sources = [{ name: "tasks/a000001.start.000009.log", bytes: 2 ** 31 - 1 - 6000 }];
  for (const policy of ["fail", "pause"] as const) {
    for (const isSplit of [false, true]) {
      const { journal } = await writer(sources, policy);
      await journal.write(time("small"));
      // The log before it, and what that goes on from, are read with the one that begins now.
      if (isSplit) journal.rotate({ epoch: 1, attempt: 1, phase: "epoch" });
      await journal.write(time("small, too"));
      await assertRejects(
        () => journal.write(time("x".repeat(6000))),
        SaveError,
        "save more often",
      );
      journal.close();
    }
  }
});
