import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { CheckpointStore, FileStore, formatRef, type RunState } from "../../storage/mod.ts";
import { decodeParent, encodeAttempt, encodeJob, encodeParent } from "../../storage/job_record.ts";
import { encodeManifest } from "../../storage/manifest_codec.ts";
import { manifestName } from "../../storage/layout.ts";
import { GOLDEN, METRICS } from "./golden/values.ts";
import { assertSameBlobs, objects, RUN, START } from "./sample.ts";
import { readCheckpoint } from "./second_reader.ts";

/** What a golden store holds that the others do not. */
interface Golden {
  /** The run of its first states, and of the last one. */
  readonly runs: readonly [first: RunState, last: RunState];
  /** What its parent records say of `settled`. */
  readonly isSettled: boolean | undefined;
}

const { derived: _, migrated: __, ...before } = RUN;
const STORES: Readonly<Record<string, Golden>> = {
  // Made before records had those fields, which may be missing.
  v1: { runs: [before, before], isSettled: undefined },
  "v1-settled": { runs: [RUN, { ...RUN, migrated: null }], isSettled: true },
};

for (const [name, { runs, isSettled }] of Object.entries(STORES)) {
  const root = fromFileUrl(new URL(`golden/${name}`, import.meta.url));

  Deno.test(`checkpoints of version 1 are read for ever (${name})`, async () => {
    const store = new FileStore(root);
    const before = await objects(store);
    const opened = await CheckpointStore.open(store, { job: "golden" });
    const { line, sides, damaged } = await opened.history();
    assertEquals(line.map(formatRef), ["0@a1", "1@a2"]);
    assertEquals(sides.map(({ refs }) => refs.map(formatRef)), [["1@a1", "1@a1 (upload)"]]);
    assertEquals(damaged, []);
    const manifest = await opened.readManifest(line[0]!);
    assertEquals([manifest.run, (await opened.readManifest(line[1]!)).run], [...runs]);
    assertEquals(manifest.metrics, METRICS);
    assertEquals(manifest.createdAtMs, 1_700_000_000_000);
    assertEquals(await opened.readAttempt(1), START);
    const blobs = await opened.readBlobs(manifest, () => true);
    assertSameBlobs(Object.fromEntries(blobs.get("main")!), GOLDEN);
    assertEquals(manifest.nodes.other, { unset: { absent: true } });
    const carried = await opened.readManifest(sides[0]!.refs[0]!);
    const carriedBlobs = await opened.readBlobs(carried, () => true);
    assertEquals(carriedBlobs.get("main")?.get("large"), GOLDEN.large);
    assertEquals(await objects(store), before);
  });

  Deno.test(`records are still written byte for byte as in version 1 (${name})`, async () => {
    const store = new FileStore(root);
    const opened = await CheckpointStore.open(store);
    const { manifests, attempts } = await opened.history();
    assertEquals(manifests.length, 4);
    for (const ref of manifests) {
      const written = encodeManifest(await opened.readManifest(ref));
      assertEquals(written, await store.get(manifestName(ref)), formatRef(ref));
    }
    for (const { attempt, parent } of attempts) {
      const name = `attempts/00000${attempt}`;
      assertEquals(encodeAttempt(attempt, START), await store.get(`${name}.cbor`));
      const record = await store.get(`${name}.parent.cbor`);
      assertEquals(decodeParent(attempt, record).isSettled, isSettled);
      assertEquals(encodeParent(attempt, { parent, branch: undefined, isSettled }), record);
    }
    const job = await store.get("job.cbor");
    assertEquals(encodeJob({ job: "golden", createdAtMs: START.createdAtMs }), job);
    assert(job.length < 100);
  });

  Deno.test(`a reader over nothing but cbor2 reads them too (${name})`, async () => {
    const first = { epoch: 0, attempt: 1, phase: "epoch" } as const;
    const { main, other } = await readCheckpoint(root, manifestName(first));
    assertSameBlobs(main!, GOLDEN);
    assertEquals(other, { unset: "absent" });
  });
}
