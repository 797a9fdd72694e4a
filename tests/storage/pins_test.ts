import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CheckpointNotFoundError,
  CheckpointStore,
  formatRef,
  RemovedError,
  type Store,
} from "../../storage/mod.ts";
import { encodeRemoval } from "../../storage/job_record.ts";
import { newRemovalName } from "../../storage/layout.ts";
import { begin, overriding, save, testBoth } from "./sample.ts";

testBoth(
  "a pinned epoch stays, whoever removes, until it is unpinned",
  async ({ store, reopen }) => {
    const opened = await CheckpointStore.open(store);
    const attempt = await begin(opened);
    const saved = [await save(attempt, 0), await save(attempt, 1), await save(attempt, 2)];
    const other = await CheckpointStore.open(reopen());
    await other.pin({ epoch: 0, attempt: 1 });
    await other.pin({ epoch: 0, attempt: 1 });
    assertEquals(await opened.pins(), [{ epoch: 0, attempt: 1 }]);
    const { verdicts } = await opened.judge([{ rule: "last", n: 1 }]);
    assertEquals(verdicts.map(({ keep }) => keep), [true, false, true]);
    // Even what was judged before the pin was there.
    await attempt.remove([saved[0]!, saved[1]!]);
    assertEquals((await opened.history()).line.map(formatRef), ["0@a1", "2@a1"]);
    assertEquals(await store.list("removals/"), []);
    assertEquals(await other.unpin({ epoch: 0, attempt: 1 }), true);
    assertEquals(await other.unpin({ epoch: 0, attempt: 1 }), false);
    await attempt.remove([saved[0]!]);
    assertEquals((await opened.history()).line.map(formatRef), ["2@a1"]);
  },
);

testBoth("what is not there, or is going, cannot be pinned", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const first = await save(attempt, 0);
  await save(attempt, 1);
  await assertRejects(() => opened.pin({ epoch: 7, attempt: 1 }), CheckpointNotFoundError);
  await store.put(newRemovalName(1), encodeRemoval(1, [first]));
  await assertRejects(() => opened.pin(first), RemovedError);
  // Whoever was removing it may not have looked for pins yet, and keeps it then.
  await attempt.sweep();
  assertEquals((await opened.history()).line.map(formatRef), ["0@a1", "1@a1"]);
  assertEquals(await opened.pins(), [{ epoch: 0, attempt: 1 }]);
});

testBoth("of a pin and a removal at once, one sees the other", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  // The pin is made at each step of the removal in turn.
  for (let step = 0;; step++) {
    let at = 0;
    let pinned: "there" | "refused" | undefined;
    const pin = async (ref: { epoch: number; attempt: number }) => {
      try {
        await opened.pin(ref);
        pinned = "there";
      } catch {
        pinned = "refused";
      }
    };
    let going: { epoch: number; attempt: number } | undefined;
    const before = async () => {
      if (going !== undefined && at++ === step) await pin(going);
    };
    const stepping = overriding(store, {
      put: async (...args) => (await before(), await store.put(...args)),
      list: async (...args) => (await before(), await store.list(...args)),
      remove: async (...args) => (await before(), await store.remove(...args)),
      stat: async (...args) => (await before(), await store.stat(...args)),
    });
    const attempt = await begin(await CheckpointStore.open(stepping));
    const first = await save(attempt, 0);
    await save(attempt, 1);
    going = first;
    await attempt.remove([first]);
    going = undefined;
    const isThere = (await opened.history()).manifests.some((ref) =>
      formatRef(ref) === formatRef(first)
    );
    // Who is refused while nobody can tell may have come in time; who is not has.
    if (pinned === "there") assert(isThere, `step ${step}`);
    if (pinned === undefined) assert(!isThere);
    const isKept = (await opened.pins()).length > 0;
    if (isThere && pinned !== undefined) {
      assert(isKept, `step ${step}: it stays, and is not pinned`);
    }
    await opened.unpin(first);
    if (pinned === undefined) return;
  }
});

/** A store with two epochs, of which the first is being removed as a record says. */
async function withGoing(store: Store) {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const first = await save(attempt, 0);
  await save(attempt, 1);
  const record = newRemovalName(1);
  await store.put(record, encodeRemoval(1, [first]));
  return { opened, attempt, first, record };
}

testBoth("who finds a pin there keeps it, though who made it came too late", async ({ store }) => {
  const { opened, attempt, first, record } = await withGoing(store);
  // The removal is withdrawn behind the looks of the one, and before those of the other.
  await assertRejects(() => opened.pin(first), RemovedError);
  await store.remove([record]);
  await opened.pin(first);
  await attempt.remove([first]);
  assertEquals((await opened.history()).line.map(formatRef), ["0@a1", "1@a1"]);
});

testBoth(
  "a removal that is withdrawn while a pin waits leaves the epoch pinned",
  async ({ store }) => {
    const { opened, first, record } = await withGoing(store);
    const pinning = opened.pin(first);
    while ((await opened.pins()).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await store.remove([record]);
    await pinning;
    assertEquals(await opened.pins(), [{ epoch: 0, attempt: 1 }]);
  },
);

testBoth(
  "a pin whose look falls between a removal that was left and the next one is not in vain",
  async ({ store, reopen }) => {
    const { first, record } = await withGoing(store);
    const listed = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const pinned = Promise.withResolvers<void>();
    // Who pins lists the record that was left, and reads it when it has gone.
    const under = reopen();
    const slow = overriding(under, {
      list: async (prefix, options) => {
        const names = await under.list(prefix, options);
        if (prefix !== "removals/") return names;
        listed.resolve();
        await gone.promise;
        return names;
      },
    });
    let pinning: Promise<void> | undefined;
    const pin = async () => {
      await (await CheckpointStore.open(slow)).pin(first).finally(pinned.resolve);
    };
    const removing = overriding(store, {
      list: async (prefix, options) => {
        const names = await store.list(prefix, options);
        if (prefix === "pins/" && pinning === undefined) {
          pinning = pin();
          await listed.promise;
        }
        return names;
      },
      remove: async (names, options) => {
        if (names.some((name) => name.startsWith("epochs/"))) await pinned.promise;
        await store.remove(names, options);
        if (names.includes(record)) gone.resolve();
      },
    });
    const opened = await CheckpointStore.open(removing);
    const newest = (await opened.history()).line.at(-1);
    await (await begin(opened, newest)).sweep();
    await pinning;
    assertEquals((await opened.history()).line.map(formatRef), ["0@a1", "1@a1"]);
    assertEquals(await opened.pins(), [{ epoch: 0, attempt: 1 }]);
  },
);
