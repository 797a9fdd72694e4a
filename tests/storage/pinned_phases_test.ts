// A pin keeps the phases after its epoch too, whichever attempts have saved them.

import { assertEquals } from "@std/assert";
import {
  type Attempt,
  CheckpointStore,
  formatRef,
  keptByPins,
  type ManifestRef,
  type Store,
} from "../../storage/mod.ts";
import { encodeRemoval } from "../../storage/job_record.ts";
import { newRemovalName } from "../../storage/layout.ts";
import { judgePruning } from "../../runtime/checkpoint/judge_pruning.ts";
import { begin, save, testBoth } from "./sample.ts";

/** Epochs 4 and 5, of which a second attempt has run the upload; a third has gone back to 4, and on to 7. */
async function withUpload(
  store: Store,
): Promise<{ opened: CheckpointStore; head: Attempt; saved: ManifestRef[] }> {
  const opened = await CheckpointStore.open(store);
  const first = await begin(opened);
  const saved: ManifestRef[] = [await save(first, 4), await save(first, 5)];
  const second = await begin(opened, saved[1]);
  saved.push(await save(second, 5, {}, { phase: "upload" }));
  const head = await begin(opened, saved[0]);
  for (const epoch of [5, 6, 7]) saved.push(await save(head, epoch));
  return { opened, head, saved };
}

const PIN = { epoch: 5, attempt: 1 };

testBoth("pruning what lies beside spares the phases after a pinned epoch", async ({ store }) => {
  const { opened } = await withUpload(store);
  const prune = { what: "prune", rules: [], sideLines: true, full: false } as const;
  const going = async () => (await judgePruning(opened, prune)).removed.map(formatRef);
  assertEquals(await going(), ["5@a1", "5@a2 (upload)"]);
  await opened.pin(PIN);
  assertEquals(await going(), []);
});

testBoth(
  "a pin that comes before a removal keeps what it would have kept before the judgement",
  async ({ store }) => {
    const { opened, head } = await withUpload(store);
    const rules = [{ rule: "last", n: 1 }] as const;
    const kept = async () =>
      (await opened.judge(rules)).verdicts.filter(({ keep }) => keep).map(({ ref }) =>
        formatRef(ref)
      );
    // The last of the side line stays by the rule: it is asked for by hand here.
    const all = (await opened.history()).manifests.filter(({ epoch }) => epoch < 7);
    await opened.pin(PIN);
    assertEquals(await kept(), ["7@a3", "5@a1", "5@a2 (upload)"]);
    await head.remove(all);
    assertEquals((await opened.history()).manifests.map(formatRef), [
      ...["5@a1", "5@a2 (upload)", "7@a3"],
    ]);
    await opened.unpin(PIN);
    await head.remove(all);
    assertEquals((await opened.history()).manifests.map(formatRef), ["7@a3"]);
  },
);

testBoth("what a removal that died has left to do spares them too", async ({ store }) => {
  const { opened, head, saved } = await withUpload(store);
  await opened.pin(PIN);
  await store.put(newRemovalName(3), encodeRemoval(3, saved.slice(0, 3)));
  await head.sweep();
  assertEquals((await opened.history()).manifests.map(formatRef), [
    // The first goes, as the head has saved something since it started from it.
    ...["5@a1", "5@a3", "5@a2 (upload)", "6@a3", "7@a3"],
  ]);
});

testBoth(
  "on whichever line phases lie, they follow the epoch that its save has made",
  async ({ store }) => {
    const { opened, saved } = await withUpload(store);
    const third = await begin(opened, saved[2]);
    const download = await save(third, 5, {}, { phase: "download" });
    const beside = await begin(opened, saved[1]);
    const upload = await save(beside, 5, {}, { phase: "upload" });
    const next = await save(beside, 6);
    const { attempts, manifests } = await opened.history();
    const kept = (pin: { epoch: number; attempt: number }) =>
      manifests.filter(keptByPins([pin], attempts)).map(formatRef);
    const epoch = [saved[1], saved[2], download, upload].map((ref) => formatRef(ref!));
    assertEquals(kept(PIN).sort(), epoch.sort());
    assertEquals(kept({ epoch: 5, attempt: third.number }).sort(), epoch);
    assertEquals(kept({ epoch: 5, attempt: 3 }), ["5@a3"]);
    assertEquals(kept(next), [formatRef(next)]);
  },
);
