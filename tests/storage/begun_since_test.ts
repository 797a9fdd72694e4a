// Whoever lists what is saved while another attempt begins, saves and removes.
import { assertEquals } from "@std/assert";
import {
  type Attempt,
  CheckpointStore,
  formatRef,
  type Manifest,
  verifyStore,
} from "../../storage/mod.ts";
import { begin, noise, overriding, save, testBoth, value } from "./sample.ts";

const pack = (seed: number) => ({ main: { a: value(noise(9000, seed)) } });

for (const isListed of [false, true]) {
  const when = isListed ? "once it was listed" : "before it is listed";
  testBoth(
    `an attempt that begins behind the listing of attempts is on its line, though its first state goes ${when}`,
    async ({ store }) => {
      const first = await begin(await CheckpointStore.open(store));
      await save(first, 0, pack(1));
      const one = await save(first, 1, pack(2));
      const begun: { second?: Attempt; two?: Manifest } = {};
      const goOn = async () => {
        const { second, two } = begun;
        if (second === undefined || two === undefined) return;
        await save(second, 3, pack(4));
        await second.remove([two]);
      };
      const racing = overriding(store, {
        list: async (prefix, options) => {
          if (prefix === "epochs/" && !isListed) await goOn();
          const names = await store.list(prefix, options);
          if (prefix === "phases/" && isListed) await goOn();
          if (prefix === "attempts/") {
            begun.second = await begin(await CheckpointStore.open(store), one);
            begun.two = await save(begun.second, 2, pack(3));
          }
          return names;
        },
      });
      const reader = await CheckpointStore.open(racing);
      const { line, sides, attempts } = await reader.history();
      const last = isListed ? "2@a2" : "3@a2";
      assertEquals([line.map(formatRef), sides], [["0@a1", "1@a1", last], []]);
      assertEquals(attempts.at(-1)?.parent?.epoch, 1);
      const settled = await CheckpointStore.open(store);
      assertEquals((await verifyStore(settled)).damaged, []);
    },
  );
}

testBoth("what is placed by its manifest may be gone when that is read", async ({ store }) => {
  const first = await begin(await CheckpointStore.open(store));
  const zero = await save(first, 0, pack(1));
  await save(first, 1, pack(2));
  await store.remove(["attempts/000001.parent.cbor"]);
  const going = overriding(store, {
    list: async (prefix, options) => {
      const names = await store.list(prefix, options);
      if (prefix === "epochs/") await first.remove([zero]);
      return names;
    },
  });
  const { line } = await (await CheckpointStore.open(going)).history();
  assertEquals(line.map(formatRef), ["0@a1", "1@a1"]);
});

testBoth(
  "verify: attempts that begin meanwhile, of which one saves, are no damage",
  async ({ store }) => {
    const first = await begin(await CheckpointStore.open(store));
    const zero = await save(first, 0, pack(1));
    let isBegun = false;
    const racing = overriding(store, {
      list: async (prefix, options) => {
        const names = await store.list(prefix, options);
        if (prefix !== "attempts/" || isBegun) return names;
        isBegun = true;
        await begin(await CheckpointStore.open(store), zero);
        await save(await begin(await CheckpointStore.open(store), zero), 1, pack(2));
        return names;
      },
    });
    assertEquals((await verifyStore(await CheckpointStore.open(racing))).damaged, []);
  },
);
