import { assertEquals, assertRejects } from "@std/assert";
import { blob, epochs, job, task } from "../../../dsl/mod.ts";
import { MultiNodeCheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { type Durability, MemoryStore, type Store, StoreError } from "../../../storage/mod.ts";
import { overriding } from "../../storage/sample.ts";

const count = blob<number>("count");
const add = task("add", { writes: { count } }).run((_, { epoch }) => ({ count: epoch }));

/** A store that was saved in, and in which nothing may be written now. */
function closed(name: string, settle: (names: readonly string[]) => Promise<void>) {
  const refuse = () => Promise.reject(new StoreError("write", name, "nobody may write there"));
  return overriding(new MemoryStore(name), { promises: refuse, put: refuse, settle });
}

async function run(
  name: string,
  durability: Durability | undefined,
  store: Store = new MemoryStore(name),
): Promise<number> {
  const made = job("counter", {
    epoch: [add],
    until: epochs(2),
    checkpoint: { to: "memory:unused" },
  });
  const checkpoints = new MultiNodeCheckpointManager(name, "memory", {
    store,
    ...durability === undefined ? {} : { durability },
  });
  await using session = new LocalSession();
  return await new JobRunner(made, { checkpoints, resumeFromEpoch: "auto" }).run(session);
}

Deno.test("a finished job tells its result where nothing may be written", async () => {
  for (const durability of ["power", "process", "none", undefined] as const) {
    const name = crypto.randomUUID();
    assertEquals(await run(name, undefined), 2);
    const settled: string[] = [];
    const settle = (names: readonly string[]) => (settled.push(...names), Promise.resolve());
    assertEquals(await run(name, durability, closed(name, settle)), 2);
    // What may be synced is.
    const isSynced = durability === undefined || durability === "power";
    assertEquals(settled.includes("phases/e000002.a000001.exit.cbor"), isSynced);
    const failing = () => Promise.reject(new StoreError("sync", name, "the disk says no"));
    assertEquals(await run(name, durability, closed(name, failing)), 2);
  }
});

Deno.test("a finished job tells no result of which nobody knows whether it stays", async () => {
  const name = crypto.randomUUID();
  await run(name, undefined);
  const failing = overriding(new MemoryStore(name), {
    promises: () => Promise.resolve({ linearizableCreate: true, durability: "power", reasons: [] }),
    settle: () => Promise.reject(new StoreError("sync", name, "the disk says no")),
  });
  await assertRejects(() => run(name, "power", failing), StoreError, "the disk says no");
});
