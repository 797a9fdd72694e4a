// A runner that was taken over, and finds that what it was writing is gone: fenced, and nothing else.
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, epochs, job, task } from "../../../dsl/mod.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { EXIT, exitCodeOf } from "../../../runtime/cli/exit.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import {
  CheckpointStore,
  FencedError,
  FileStore,
  type FileStoreOptions,
  StoreError,
  UnknownOutcomeError,
  verifyStore,
} from "../../../storage/mod.ts";
import { begin } from "../../storage/sample.ts";
import { errorOf, recorded } from "../helpers.ts";

const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { total }, writes: { total } })
  .run(async ({ total }, { epoch, step }) => ({ total: total + await step("one", () => epoch) }));

/** What another process does meanwhile: it takes the job over, and repairs what it takes for left over. */
async function takeOver(folder: string): Promise<void> {
  const store = await CheckpointStore.open(new FileStore(folder), { job: "fenced" });
  const { line } = await store.history();
  const attempt = await begin(store, line.at(-1));
  const { garbage: packs, logs, leftovers } = await verifyStore(store);
  await attempt.clear({ packs, logs, leftovers });
}

/** How a job ends that is taken over at a step of a write. */
async function ending(
  isThere: (point: string, path: string) => boolean,
  plan: { readonly grain?: "task"; readonly onSaveError?: "retry" | "warn" },
  failure?: Error,
) {
  const folder = await Deno.makeTempDir();
  try {
    let isTaken = false;
    const onPoint: FileStoreOptions["onPoint"] = async (point, path) => {
      if (isTaken || !isThere(point, path)) return;
      isTaken = true;
      await takeOver(folder);
      if (failure !== undefined) throw failure;
    };
    const store = new FileStore(folder, { onPoint });
    const { session, seen } = recorded();
    await using _ = session;
    const checkpoints = new CheckpointManager(folder, "file", { store, durability: "power" });
    const given = job("fenced", {
      ...{ epoch: [add], until: epochs(4) },
      checkpoint: { to: "file:unused", ...plan },
    });
    const error = await errorOf(new JobRunner(given, { checkpoints }).run(session));
    const attempts = [...Deno.readDirSync(`${folder}/attempts`)].map(({ name }) => name);
    return { error, seen, attempts: attempts.filter((name) => /^\d+\.cbor$/.test(name)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const isLinkOf2 = (point: string, path: string): boolean =>
  point === "link" && path.includes("/epochs/e000002");

for (const plan of [{}, { onSaveError: "retry" }, { onSaveError: "warn" }] as const) {
  Deno.test(`a manifest that a repair has removed: fenced, ${JSON.stringify(plan)}`, async () => {
    const { error, seen, attempts } = await ending(isLinkOf2, plan);
    assertInstanceOf(error, FencedError);
    assertEquals([error.attempt, error.by, exitCodeOf(error)], [1, 2, EXIT.held]);
    assertInstanceOf(error.cause, UnknownOutcomeError);
    assertStringIncludes(error.message, "so nobody can tell whether 2@a1 counts: another runner");
    assertEquals(seen.of("save-failed"), []);
    // It has not begun another attempt, which would have fenced the one that took over.
    assertEquals(attempts.length, 2);
  });
}

const GONE: Readonly<Record<string, [RegExp, { grain?: "task" }, string]>> = {
  "a save": [/^manifest write .*\/epochs\//, {}, "so 2@a1 is not saved: another runner"],
  "a log": [/^log write /, { grain: "task" }, "so what it did last does not count: another runner"],
};

for (const [what, [step, plan, says]] of Object.entries(GONE)) {
  Deno.test(`${what} that fails as its file is gone: fenced`, async () => {
    let steps = 0;
    const isThere = (point: string, path: string): boolean =>
      step.test(`${point} ${path}`) && ++steps === (what === "a save" ? 3 : 1);
    const { error } = await ending(isThere, plan, new Deno.errors.NotFound("it is gone"));
    assertInstanceOf(error, FencedError);
    assertEquals([error.attempt, error.by, exitCodeOf(error)], [1, 2, EXIT.held]);
    assertInstanceOf(error.cause, StoreError);
    assertStringIncludes(error.message, says);
  });
}
