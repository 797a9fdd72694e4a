import { assertEquals, assertRejects } from "@std/assert";
import {
  CheckpointStore,
  leaveAsk,
  MemoryStore,
  ObjectNotFoundError,
  type Store,
  UnknownOutcomeError,
} from "../../storage/mod.ts";
import { listAsks } from "../../storage/asks.ts";
import { putNew } from "../../storage/put_new.ts";
import { begin, overriding, save } from "./sample.ts";

const BYTES = Uint8Array.of(1);

/** A store in which what a record below a prefix is written under is cleared away, some times. */
function cleared(store: Store, prefix: string, times: number): Store {
  let left = times;
  return overriding(store, {
    put: async (name, bytes, options) => {
      if (name.startsWith(prefix) && left-- > 0) {
        const cause = new ObjectNotFoundError("link", name, "there is no such file");
        throw new UnknownOutcomeError("commit", name, "nobody can tell", { cause });
      }
      await store.put(name, bytes, options);
    },
  });
}

Deno.test("pins, asks and the records of jobs and attempts are made though a repair clears away", async () => {
  const store = new MemoryStore();
  await begin(await CheckpointStore.open(cleared(store, "job.cbor", 3)));
  const opened = await CheckpointStore.open(cleared(store, "attempts/000002.cbor", 3));
  const saved = await save(await begin(opened), 0);
  await (await CheckpointStore.open(cleared(store, "pins/", 3))).pin(saved);
  assertEquals(await opened.pins(), [{ epoch: 0, attempt: 2 }]);
  await leaveAsk(cleared(store, "asks/", 3), {
    ...{ asked: { what: "repair" }, attempt: 2, pid: 1, host: undefined, createdAtMs: 0 },
  });
  assertEquals((await listAsks(store)).length, 1);
});

Deno.test("a record that is cleared away each time, or may be there, is not written for ever", async () => {
  const store = new MemoryStore();
  await assertRejects(
    () => putNew(cleared(store, "x", Infinity), "x.cbor", BYTES, {}),
    UnknownOutcomeError,
  );
  let tries = 0;
  const doubtful = overriding(store, {
    put: (name) => {
      tries++;
      return Promise.reject(new UnknownOutcomeError("commit", name, "nobody can tell"));
    },
  });
  await assertRejects(() => putNew(doubtful, "x.cbor", BYTES, {}), UnknownOutcomeError);
  assertEquals(tries, 1);
});
