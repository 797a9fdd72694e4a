import { assertEquals } from "@std/assert";
import { FactsReader } from "../../storage/facts_reader.ts";
import { manifestName } from "../../storage/layout.ts";
import { Attempt } from "../../storage/attempt.ts";
import {
  CheckpointStore,
  type Manifest,
  type ManifestRef,
  MemoryStore,
} from "../../storage/mod.ts";
import { BLOCK_BYTES } from "../../storage/manifest.ts";
import { begin, noise, save, value } from "./sample.ts";

Deno.test("facts of what is gone are forgotten, so that those of a long run do not pile up", async () => {
  const store = new MemoryStore();
  const attempt = await begin(await CheckpointStore.open(store));
  const manifest = await save(attempt, 0, { main: { big: value(noise(BLOCK_BYTES)) } });
  const [pack = ""] = manifest.packs;
  const read: string[] = [];
  const facts = new FactsReader(store, (ref) => {
    read.push(manifestName(ref));
    return Promise.resolve(manifest);
  });
  facts.saved(manifest);
  await facts.look([pack], {});
  assertEquals(await facts.packsOf(manifest), [pack]);
  assertEquals([read.length, facts.packBytes(pack) > 0], [0, true]);
  facts.forget([manifestName(manifest), pack]);
  assertEquals(await facts.packsOf(manifest), [pack]);
  assertEquals([read.length, facts.packBytes(pack)], [1, 0]);
});

Deno.test("a removal has all that is gone forgotten", async () => {
  const forgotten: string[] = [];
  const facts = {
    packsOf: (ref: ManifestRef) => Promise.resolve(packs.get(manifestName(ref)) ?? []),
    saved: (manifest: Manifest) => void packs.set(manifestName(manifest), manifest.packs),
    forget: (names: readonly string[]) => void forgotten.push(...names),
  };
  const packs = new Map<string, readonly string[]>();
  const context = {
    store: new MemoryStore(),
    job: undefined,
    durability: "none",
    facts,
    attempts: () => Promise.resolve([]),
  } as const;
  const attempt = new Attempt(context, 1);
  await attempt.recordParent(undefined);
  const blob = (seed: number) => value(noise(BLOCK_BYTES, seed));
  const first = await save(attempt, 0, { main: { a: blob(1) } });
  await save(attempt, 1, { main: { a: blob(2) } });
  assertEquals(await attempt.remove([first]), [manifestName(first), ...first.packs]);
  assertEquals(forgotten, [manifestName(first), ...first.packs]);
});
