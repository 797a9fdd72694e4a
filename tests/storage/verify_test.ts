import { change, verify } from "./damaging.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import {
  type BlobToSave,
  CheckpointStore,
  encodeValue,
  formatRef,
  StoreError,
  verifyStore,
} from "../../storage/mod.ts";
import { BLOCK_BYTES } from "../../storage/manifest.ts";
import { encodeHead, joinBytes } from "../../storage/record_cbor.ts";
import { encodeRecord } from "../../storage/record_writer.ts";
import { encodeRemoval } from "../../storage/job_record.ts";
import { manifestName, newPackName, newRemovalName } from "../../storage/layout.ts";
import { verifyText } from "../../runtime/cli/verify.ts";
import { begin, noise, objects, overriding, save, testBoth, value } from "./sample.ts";
import type { Store } from "../../storage/mod.ts";

/** Three epochs: `still` is carried through all, `moving` is new in each. */
async function saved(store: Store) {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const moving = (seed: number) => value(noise(BLOCK_BYTES + 10, seed));
  const still = value(noise(3 * BLOCK_BYTES, 1));
  const first = await save(attempt, 0, { main: { still, moving: moving(2) } });
  const carry = { carry: first.nodes.main!.still! };
  const second = await save(attempt, 1, { main: { still: carry, moving: moving(3) } });
  const third = await save(attempt, 2, { main: { still: carry, moving: moving(4) } });
  return { attempt, manifests: [first, second, third] };
}

testBoth("verify: all is good, and each block is summed once", async ({ store }) => {
  await saved(store);
  const report = await verify(store, true);
  assertEquals(report.good.map(formatRef), ["0@a1", "1@a1", "2@a1"]);
  assertEquals([report.bad, report.damaged, report.garbage], [[], [], []]);
  assertEquals([report.foreign, report.removals], [[], []]);
  assertEquals(report.checkedBytes, 3 * BLOCK_BYTES + 3 * (BLOCK_BYTES + 10));
  assertEquals((await verify(store, false)).checkedBytes, 0);
  assertStringIncludes(
    verifyText(report, { full: true }),
    "3 states good, 0 damaged (1.5 MiB read, summed and decoded)",
  );
});

testBoth(
  "verify: a damaged block is told with all checkpoints that share it",
  async ({ store }) => {
    const { manifests: [first] } = await saved(store);
    const { still } = first!.nodes.main!;
    const block = still !== undefined && "blocks" in still ? still.blocks?.[1] : undefined;
    await change(store, block!.pack, (bytes) => (bytes[block!.offset + 7]! ^= 1, bytes));
    assertEquals((await verify(store, false)).damaged, []);
    const report = await verify(store, true);
    assertEquals(report.damaged.length, 1);
    assertEquals(
      report.damaged[0]?.blobs.map(({ ref, node, blob }) => `${formatRef(ref)} ${node}/${blob}`),
      ["0@a1 main/still", "1@a1 main/still", "2@a1 main/still"],
    );
    assertEquals([report.good.length, report.bad.length], [0, 3]);
  },
);

testBoth("verify: a short and a missing pack", async ({ store }) => {
  const { manifests: [, second, third] } = await saved(store);
  const own = (manifest: typeof second) =>
    manifest!.packs.find((pack) => pack.includes(`/e00000${manifest!.epoch}.`))!;
  await change(store, own(second), (bytes) => bytes.slice(0, BLOCK_BYTES + 5));
  await store.remove([own(third)]);
  for (const full of [false, true]) {
    const report = await verify(store, full);
    assertEquals(report.good.map(formatRef), ["0@a1"]);
    assertEquals(report.damaged.map(({ object }) => object), [own(second), own(third)]);
    assertEquals(report.damaged.map(({ blobs }) => blobs.map(({ blob }) => blob)), [["moving"], [
      "moving",
    ]]);
    assertStringIncludes(report.damaged[1]?.problem ?? "", "no such object");
  }
});

for (const at of ["stat", "open"] as const) {
  testBoth(`verify: what is removed meanwhile is no damage (${at})`, async ({ store }) => {
    const { manifests: [first] } = await saved(store);
    const removeAll = async (name: string): Promise<void> => {
      if (name !== first?.packs[0]) return;
      const names = [...(await objects(store)).keys()];
      await store.remove(names.filter((name) => /^(epochs|packs)\//.test(name)));
    };
    const removing = overriding(store, {
      [at]: async (name: string) => {
        await removeAll(name);
        return await store[at](name);
      },
    });
    assertEquals((await verify(removing, at === "open")).damaged, []);
    assertEquals((await verify(store, true)).good, []);
  });
}

testBoth("verify: what a damaged manifest may name is not called garbage", async ({ store }) => {
  const { manifests: [, second] } = await saved(store);
  const late = newPackName({ epoch: 3, attempt: 1 }, "main");
  const early = newPackName({ epoch: 1, attempt: 1 }, "main");
  await store.write(late, [noise(10)]);
  await store.write(early, [noise(7)]);
  const before = await verify(store, false);
  assertEquals(before.garbage, [early, late]);
  assertEquals([before.doubtful, before.garbageBytes], [[], 17]);
  await change(store, manifestName(second!), (bytes) => (bytes[40]! ^= 1, bytes));
  const report = await verify(store, false);
  assertEquals([report.garbage, report.garbageBytes], [[late], 10]);
  assertEquals(report.doubtful.includes(early), true);
  assertEquals(report.bad.map(formatRef), ["1@a1"]);
});

testBoth(
  "verify: while a manifest is of another version nothing is called garbage",
  async ({ store }) => {
    const { manifests: [, second] } = await saved(store);
    const late = newPackName({ epoch: 3, attempt: 1 }, "main");
    await store.write(late, [noise(10)]);
    const newer = joinBytes([
      ...[encodeHead(4, 4), encodeRecord("tidemark.manifest"), encodeRecord(2), encodeRecord([])],
    ]);
    const sum = createHash("sha256").update(newer).digest();
    await store.remove([manifestName(second!)]);
    await store.put(manifestName(second!), joinBytes([newer, encodeHead(2, 32), sum]));
    const report = await verify(store, false);
    assertEquals([report.garbage, report.doubtful.includes(late)], [[], true]);
  },
);

testBoth("verify: what is left, and what is not Tidemark's", async ({ store }) => {
  const { manifests: [first] } = await saved(store);
  await store.write(newRemovalName(1), [encodeRemoval(1, [first!])]);
  await store.write("packs/a000001/notes.txt", [noise(3)]);
  await store.write("notes.txt", [noise(3)]);
  const report = await verify(store, true);
  assertEquals(report.removals.length, 1);
  assertEquals([...report.foreign].sort(), ["notes.txt", "packs/a000001/notes.txt"]);
  assertEquals(report.damaged, []);
});

testBoth("verify: a read that fails is no damage", async ({ store }) => {
  await saved(store);
  const failing = overriding(store, {
    open: (name) => Promise.reject(new StoreError("read", name, "the disk is tired")),
  });
  await assertRejects(() => verify(failing, true), StoreError, "the disk is tired");
});

testBoth(
  "verify: a task log is needed until its own or a later attempt has saved a state behind it",
  async ({ store }) => {
    const opened = await CheckpointStore.open(store);
    const attempt = await begin(opened);
    const first = await save(attempt, 0);
    const log = attempt.beginLog({ branch: 1, seed: 7, params: {}, sources: [], after: first });
    const encoded = encodeValue(new Float64Array(100_000));
    const site = { phase: "epoch", epoch: 1, id: "train@main" } as const;
    await log.append([
      {
        ...{ kind: "task", ...site, code: "c0de", cursors: [] },
        outputs: { w: { encoded, codec: false } },
      },
    ]);
    log.close();
    assertEquals((await verify(store, true)).logs, []);
    const pack = "tasks/a000001.e000000.000001.000001.pack";
    const bytes = await store.get(pack);
    await store.remove([pack]);
    const lost = await verify(store, false);
    assertEquals([lost.damaged.map(({ object }) => object), lost.logs], [[pack], []]);

    const second = await save(attempt, 1);
    const names = ["tasks/a000001.e000000.000001.log"];
    const left = await verify(store, false);
    assertEquals([left.damaged, left.logs], [[], names]);
    assertStringIncludes(
      verifyText(left, { full: false }),
      "left: 1 object of task logs, of what led to an epoch that is saved\n" +
        "repair removes what is garbage or left\n",
    );
    await store.write(pack, [bytes]);
    assertEquals((await verify(store, false)).logs, [...names, pack]);

    // While that epoch is damaged, the one before is gone on from, and what was done since is of use.
    await change(store, manifestName(second), (bytes) => (bytes[40]! ^= 1, bytes));
    assertEquals((await verify(store, false)).logs, []);
  },
);

testBoth("verify: an attempt without a record is told of", async ({ store }) => {
  const { manifests } = await saved(store);
  const opened = await CheckpointStore.open(store);
  for (const _ of [2, 3]) await begin(opened, manifests[2]);
  assertEquals((await verify(store, false)).damaged, []);
  await store.remove(["attempts/000002.cbor"]);
  const { damaged, bad } = await verify(store, false);
  assertEquals([damaged.map(({ object }) => object), bad], [["attempts/000002.cbor"], []]);
});

testBoth("verify: in full, what sums right and is no value is damage", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const broken = (length: number): BlobToSave => {
    // An array of more items than there are.
    const bytes = new Uint8Array(length).fill(0x98, 0, 1).fill(0xff, 1);
    const type = { kind: "cbor", is: "Array" } as const;
    return { encoded: { type, byteLength: length, parts: [bytes] }, codec: false };
  };
  const floats: BlobToSave = {
    encoded: { type: { kind: "array", tag: 86 }, byteLength: 9, parts: [noise(9)] },
    codec: false,
  };
  const first = await save(attempt, 0, { main: { large: broken(9000), good: value([1, 2]) } });
  const large = { carry: first.nodes.main!.large! };
  await save(attempt, 1, { main: { large, small: broken(9), floats, good: value([1]) } });
  await save(attempt, 2, { main: { good: value([1]) } });
  assertEquals((await verify(store, false)).damaged, []);
  const { damaged, good } = await verify(store, true);
  const uses = damaged.map(({ blobs }) =>
    blobs.map(({ ref, blob }) => `${formatRef(ref)} ${blob}`).join()
  );
  assertEquals(uses.sort(), ["0@a1 large,1@a1 large", "1@a1 floats", "1@a1 small"]);
  assertEquals(good.map(formatRef), ["2@a1"]);
});

testBoth("verify: a fenced save that lacks packs is said to be one", async ({ store, reopen }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const first = await save(attempt, 0, { main: { a: value(noise(9000, 1)) } });
  const second = await save(attempt, 1, { main: { a: value(noise(9000, 2)) } });
  await begin(await CheckpointStore.open(reopen()), first);
  await store.remove([second.packs[0]!]);
  const report = await verify(store, false);
  assertEquals([report.bad, report.overtaken].map((refs) => refs.map(formatRef)), [["1@a1"], [
    "1@a1",
  ]]);
  assertStringIncludes(
    verifyText(report, { full: false }),
    "1@a1 lies on a side line, and is the last that attempt 1 saved: where another took the job over",
  );
});

testBoth(
  "verify: a stray name among the attempts is a gap, however wide, and no more",
  async ({ store }) => {
    const { attempt } = await saved(store);
    for (const name of ["000004", "999999998"]) {
      await store.put(`attempts/${name}.cbor`, new Uint8Array(3));
    }
    const { damaged, good } = await verify(store, false);
    assertEquals([attempt.number, good.length], [1, 3]);
    assertEquals(damaged.map(({ object }) => object), [
      ...["attempts/000002.cbor", "attempts/000003.cbor", "attempts/000005.cbor"],
      ...["attempts/000004.cbor", "attempts/999999998.cbor"],
    ]);
    assertStringIncludes(damaged[2]?.problem ?? "", "the records of attempts 5 to 999999997");
  },
);

testBoth("verify: a start that is taken back meanwhile is no damage", async ({ store }) => {
  const own = await CheckpointStore.open(store, { job: "j" });
  await save(await begin(own), 0, { main: { x: value([1]) } });
  const environment = { deno: "2", arch: "x86_64", tidemark: "0" };
  const later = await own.begin({ seed: 1, params: {}, environment, createdAtMs: 0 });
  await later.recordParent(undefined);
  const withdrawing = overriding(store, {
    list: async (prefix, options) => {
      const names = await store.list(prefix, options);
      if (prefix === "attempts/" && !later.isOver) await later.withdraw();
      return names;
    },
  });
  const reader = await CheckpointStore.open(withdrawing, { job: "j" });
  const { line, damaged, attempts } = await reader.history();
  assertEquals([line.length, damaged, attempts.at(-1)?.isStarted], [1, [], false]);
  assertEquals((await verifyStore(reader)).damaged, []);
});
