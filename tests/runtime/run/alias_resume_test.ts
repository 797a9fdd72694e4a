import { assertRejects } from "@std/assert";
import { blob, epochs, job, task } from "../../../dsl/mod.ts";
import { SaveError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";

Deno.test("run: after a resume, memory shared with a blob that was only loaded is refused", async () => {
  const weights = blob<Float32Array>("weights");
  const part = blob<Float32Array>("part");
  const start = task("start", { writes: { weights } })
    .run(() => ({ weights: new Float32Array(4096) }));
  const take = task("take", { reads: { weights }, writes: { part } })
    .run(({ weights }, { epoch }) => ({
      part: epoch < 2 ? new Float32Array(4) : weights.subarray(0, 4),
    }));
  const sharing = job("sharing", {
    init: [start],
    epoch: [take],
    until: epochs(2),
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
  {
    await using session = new LocalSession();
    await new JobRunner(sharing, { stopAfterEpoch: 1 }).run(session);
  }
  await using session = new LocalSession();
  await assertRejects(
    () => new JobRunner(sharing, { resumeFromEpoch: "latest" }).run(session),
    SaveError,
    "it shares memory with weights",
  );
});
