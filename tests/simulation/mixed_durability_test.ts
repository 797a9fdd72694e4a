// What is saved under "power" on top of what had to outlive less.
import { assert, assertEquals } from "@std/assert";
import {
  CheckpointStore,
  type Durability,
  FileStore,
  type ManifestRef,
} from "../../storage/mod.ts";
import { randomFrom } from "../crash/trials.ts";
import { begin, noise, save, value } from "../storage/sample.ts";
import { Disk } from "./disk.ts";
import { ROOT } from "./runner.ts";
import { statesAfter } from "./states.ts";

const MOST_STATES = 400;

async function open(disk: Disk<unknown>, durability: Durability): Promise<CheckpointStore> {
  const store = new FileStore(ROOT, { fileSystem: disk.process() });
  return await CheckpointStore.open(store, { job: "job", durability });
}

/** Checks that in all states that a power cut may leave these can be restored, and lie on the line. */
async function checkStates(disk: Disk<unknown>, refs: readonly ManifestRef[]): Promise<void> {
  const { images } = statesAfter(disk.now, { most: MOST_STATES, random: randomFrom(1) });
  assert(images.length > 0);
  for (const image of images) {
    const store = await open(new Disk<unknown>(image), "power");
    const { line } = await store.history();
    for (const { epoch, attempt, phase } of refs) {
      assert(
        line.some((ref) => ref.epoch === epoch && ref.attempt === attempt && ref.phase === phase),
      );
      const manifest = await store.readManifest({ epoch, attempt, phase });
      const blobs = await store.readBlobs(manifest, () => true);
      assertEquals((blobs.get("main")?.get("a") as Uint8Array).length, 9000);
    }
  }
}

for (const durability of ["none", "process", "power"] as const) {
  Deno.test(`an epoch saved under "power" on top of one under "${durability}" is there`, async () => {
    const disk = new Disk<unknown>();
    const first = await begin(await open(disk, durability));
    const zero = await save(first, 0, { main: { a: value(noise(9000)) } });
    const second = await begin(await open(disk, "power"), zero);
    const carry = zero.nodes["main"]?.["a"];
    assert(carry !== undefined);
    await checkStates(disk, [await save(second, 1, { main: { a: { carry } } })]);
  });

  Deno.test(`so are a phase on top of one under "${durability}", and the epochs before`, async () => {
    const disk = new Disk<unknown>();
    const first = await begin(await open(disk, "power"));
    const zero = await save(first, 0, { main: { a: value(noise(9000)) } });
    const second = await begin(await open(disk, durability), zero);
    const one = await save(second, 1, { main: { a: value(noise(9000, 2)) } });
    const carry = one.nodes["main"]?.["a"];
    assert(carry !== undefined);
    const download = await save(second, 1, { main: { a: { carry } } }, { phase: "download" });
    const third = await begin(await open(disk, "power"), download);
    const exit = await save(third, 1, { main: { a: { carry } } }, { phase: "exit" });
    await checkStates(disk, [zero, one, exit]);
  });

  Deno.test(`so is a pinned epoch under "${durability}"`, async () => {
    const disk = new Disk<unknown>();
    const first = await begin(await open(disk, durability));
    const zero = await save(first, 0, { main: { a: value(noise(9000)) } });
    disk.settle();
    const one = await save(first, 1, { main: { a: value(noise(9000, 2)) } });
    await (await open(disk, "power")).pin(one);
    await checkStates(disk, [zero, one]);
  });
}
