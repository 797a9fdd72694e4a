import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { CheckpointStore, FileStore, formatRef } from "../../storage/mod.ts";
import { encodeAttempt, encodeJob, encodeParent } from "../../storage/job_record.ts";
import { encodeManifest } from "../../storage/manifest_codec.ts";
import { manifestName } from "../../storage/layout.ts";
import { GOLDEN, METRICS } from "./golden/values.ts";
import { assertSameBlobs, objects, RUN, START } from "./sample.ts";

const ROOT = fromFileUrl(new URL("golden/v1", import.meta.url));

Deno.test("checkpoints of version 1 are read for ever", async () => {
  const store = new FileStore(ROOT);
  const before = await objects(store);
  const opened = await CheckpointStore.open(store, { job: "golden" });
  const { line, sides, damaged } = await opened.history();
  assertEquals(line.map(formatRef), ["0@a1", "1@a2"]);
  assertEquals(sides.map(({ refs }) => refs.map(formatRef)), [["1@a1", "1@a1 (upload)"]]);
  assertEquals(damaged, []);
  const manifest = await opened.readManifest(line[0]!);
  const { derived: _, migrated: __, ...run } = RUN; // which came later, and may be missing
  assertEquals(manifest.run, run);
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

Deno.test("records are still written byte for byte as in version 1", async () => {
  const store = new FileStore(ROOT);
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
    assertEquals(
      encodeParent(attempt, { parent, branch: undefined }),
      await store.get(`${name}.parent.cbor`),
    );
  }
  const job = await store.get("job.cbor");
  assertEquals(encodeJob({ job: "golden", createdAtMs: START.createdAtMs }), job);
  assert(job.length < 100);
});
