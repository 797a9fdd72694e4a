import { assertEquals } from "@std/assert";
import { CheckpointStore, MemoryStore } from "../../storage/mod.ts";
import { encodeRemoval } from "../../storage/job_record.ts";
import { newRemovalName } from "../../storage/layout.ts";
import { request, START } from "./sample.ts";

Deno.test("an attempt without records is missed for what it has saved, not for what is being removed", async () => {
  const store = new MemoryStore();
  const opened = await CheckpointStore.open(store, { job: "sum" });
  const save = async (...epochs: number[]) => {
    const attempt = await opened.begin(START);
    const parent = (await opened.history()).line.at(-1);
    await attempt.recordParent(parent);
    let last = parent;
    for (const epoch of epochs) {
      last = (await attempt.save(request({ epoch, parent: last }))).manifest;
    }
  };
  await save(0, 1);
  await save(2, 3);
  // The first that it saved would say where it began.
  const gone = [
    "attempts/000002.cbor",
    "attempts/000002.parent.cbor",
    "epochs/e000002.a000002.cbor",
  ];
  await store.remove(gone);
  const unrecorded = async () => {
    const reader = await CheckpointStore.open(store);
    return (await reader.history()).unrecorded;
  };
  assertEquals(await unrecorded(), [2]);
  const going = [{ epoch: 3, attempt: 2, phase: "epoch" as const }];
  await store.put(newRemovalName(3), encodeRemoval(3, going));
  assertEquals(await unrecorded(), []);
});
