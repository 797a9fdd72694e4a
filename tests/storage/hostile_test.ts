import { assertEquals, assertRejects } from "@std/assert";
import {
  CheckpointStore,
  DamagedError,
  formatRef,
  type Manifest,
  UnsupportedVersionError,
  verifyStore,
} from "../../storage/mod.ts";
import { encodeManifest } from "../../storage/manifest_codec.ts";
import { encodeHead, joinBytes } from "../../storage/record_cbor.ts";
import { encodeRecord } from "../../storage/record_writer.ts";
import { seal } from "../../storage/seal.ts";
import { altered, MANIFEST, readAll, sample } from "./damaged_store.ts";

Deno.test("a newer version is refused by its number, also if it uses other CBOR", async () => {
  const { store } = await sample();
  for (const version of [2, 24, 300]) {
    for (const name of ["job.cbor", MANIFEST]) {
      const kind = name === "job.cbor" ? "tidemark.job" : "tidemark.manifest";
      const body = Uint8Array.of(0xbf, 0xff);
      const sealed = joinBytes([encodeHead(4, 4), encodeRecord(kind), encodeRecord(version), body]);
      const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", sealed));
      const changed = await altered(store, { [name]: joinBytes([sealed, encodeHead(2, 32), sum]) });
      const error = await assertRejects(() => readAll(changed), UnsupportedVersionError);
      assertEquals([error.version, error.supported, error.object], [version, 1, name]);
    }
  }
});

Deno.test("a manifest of another job is damage of that object, and of nothing else", async () => {
  const { store, manifest } = await sample();
  const changed = await altered(store, {
    [MANIFEST]: encodeManifest({ ...manifest, job: "other" }),
  });
  const error = await assertRejects(() => readAll(changed), DamagedError);
  assertEquals(error.object, MANIFEST);
  assertEquals([error.expected, error.found], ['a state of job "job"', 'one of job "other"']);
  for (const job of ["job", undefined]) {
    const opened = await CheckpointStore.open(changed, job === undefined ? {} : { job });
    const { good, bad, damaged } = await verifyStore(opened, { full: true });
    assertEquals([good, bad].map((refs) => refs.map(formatRef)), [["0@a1"], ["1@a1"]]);
    assertEquals(damaged.map(({ object }) => object), [MANIFEST]);
    const { verdicts } = await opened.judge([{ rule: "last", n: 1 }], { looksAtAll: true });
    assertEquals(verdicts.map(({ isCounted }) => isCounted), [true, false]);
  }
});

Deno.test("a well-sealed manifest with hostile fields is damage, and allocates nothing", async () => {
  const { store, manifest } = await sample();
  const { data } = manifest.nodes.main!;
  if (data === undefined || "absent" in data) throw new Error("no sample");
  const block = data.blocks![0]!;
  const pack = block.pack;
  const big = Array.from({ length: 4096 }, () => ({ ...block, length: 262_144 }));
  const last = { ...block, length: 4100 };
  const entry = (of: object) => ({ nodes: { main: { data: { ...data, ...of } } } });
  const hostile: Readonly<Record<string, object>> = {
    "a pack outside": { packs: ["../../etc/passwd"] },
    "a pack that is a manifest": { packs: [MANIFEST] },
    "a pack of a later attempt": { packs: [pack.replace("a000001", "a000009")] },
    "more bytes than the pack has": entry({ bytes: 2 ** 30 + 4100, blocks: [...big, last] }),
    "a size without blocks": entry({ bytes: 2 ** 40, blocks: [] }),
    "a short block before the last": entry({ bytes: 8200, blocks: [last, last] }),
    "an offset behind the end": entry({ blocks: [{ ...last, offset: 2 ** 50 }] }),
    "a sum of more than 32 bits": entry({ blocks: [{ ...last, crc32: 2 ** 33 }] }),
    "two blobs in one place": { nodes: { main: { data, other: data } } },
    "a blob within another": {
      nodes: {
        main: {
          data,
          other: {
            ...data,
            bytes: 50,
            blocks: [{ ...block, offset: block.offset + 9, length: 50 }],
          },
        },
      },
    },
    "an index of no pack": { packs: [] },
    "inline of another size": entry({ blocks: undefined, inline: new Uint8Array(3) }),
    "an array of a wrong size": entry({ type: { kind: "array", tag: 86 }, bytes: 4100 }),
    "a shape that does not fit": entry({
      type: { kind: "array", tag: 64, shape: [2 ** 30, 2 ** 30] },
    }),
    "an unknown tag": entry({ type: { kind: "array", tag: 7 } }),
    "CBOR that is none": entry({ type: { kind: "cbor", is: "object" } }),
  };
  for (const [what, fields] of Object.entries(hostile)) {
    const changed = await altered(store, {
      [MANIFEST]: encodeManifest({ ...manifest, ...fields } as Manifest),
    });
    await assertRejects(() => readAll(changed), DamagedError, undefined, what);
    const { bad } = await verifyStore(await CheckpointStore.open(changed), { full: true });
    assertEquals(bad.map(formatRef), ["1@a1"], what);
  }
});

Deno.test("records with fields that are missing, unknown or of another type are damage", async () => {
  const { store } = await sample();
  const good = new Map<string, string | number | null>([["job", "job"], ["createdAtMs", 1]]);
  assertEquals(
    (await CheckpointStore.open(await altered(store, { "job.cbor": seal("job", good) }))).job,
    "job",
  );
  const bodies = [
    new Map([["job", "job"]]),
    new Map([...good, ["extra", 1]]),
    new Map([...good, ["job", 5]]),
    new Map([...good, ["job", "x".repeat(300)]]),
    new Map([...good, ["createdAtMs", null]]),
  ];
  for (const body of bodies) {
    const changed = await altered(store, { "job.cbor": seal("job", body) });
    await assertRejects(() => CheckpointStore.open(changed), DamagedError);
  }
  const parent = new Map<string, never>([["attempt", 1 as never], [
    "parent",
    new Map<string, unknown>([["epoch", 1], ["attempt", 1], ["phase", "epoch"]]) as never,
  ]]);
  const loop = await altered(store, { "attempts/000001.parent.cbor": seal("parent", parent) });
  await assertRejects(() => readAll(loop), DamagedError, "before attempt 1");
});
