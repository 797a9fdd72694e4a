/**
 * What every kind of store must do.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Durability,
  InvalidNameError,
  ObjectExistsError,
  ObjectNotFoundError,
  PromiseError,
  type Store,
} from "../../storage/mod.ts";

/** How the tests get at a kind of store. */
export interface StoreKind {
  /** Its name, for the tests' names. */
  readonly name: string;
  /** An empty store of its own, and a way to open the same one again; disposed of in the end. */
  readonly make: () => Promise<StoreUnderTest>;
}

/** A store, and how to open it again. */
export interface StoreUnderTest extends AsyncDisposable {
  /** The store. */
  readonly store: Store;
  /** Opens the same store as another value. */
  readonly reopen: () => Store;
}

const LEVELS: readonly Durability[] = ["none", "process", "power"];
const BYTES = Uint8Array.of(1, 2, 3, 4, 5);

/** Registers the tests of a kind of store. */
export function testStore({ name: kind, make }: StoreKind): void {
  const test = (name: string, run: (under: StoreUnderTest) => Promise<void>) =>
    Deno.test(`${kind} store: ${name}`, async () => {
      await using under = await make();
      await run(under);
    });

  test("says what it promises", async ({ store }) => {
    const promises = await store.promises();
    assertEquals(promises.linearizableCreate, true);
    assert(LEVELS.includes(promises.durability));
    assert(promises.durability === "power" || promises.reasons.length > 0);
  });

  test("is held by one at a time, and not by objects", async ({ store, reopen }) => {
    if (store.hold === undefined) return;
    const request = { purpose: "run", pid: 1, host: undefined, sinceMs: 5 };
    const first = await store.hold(request);
    assert("hold" in first);
    const other = reopen();
    const second = await other.hold?.({ ...request, pid: 2 });
    assert(second !== undefined && "holder" in second);
    assertEquals([second.holder.pid, (await other.holder?.())?.pid], [1, 1]);
    await first.hold.release();
    assertEquals(await other.holder?.(), undefined);
    const third = await other.hold?.(request);
    assert(third !== undefined && "hold" in third);
    await third.hold.release();
    assertEquals(await store.list(""), []);
    if (store.leftovers !== undefined) assertEquals(await store.leftovers(), []);
  });

  test("gives back what was put, whole and in ranges", async ({ store, reopen }) => {
    await store.put("a/b.cbor", BYTES);
    for (const each of [store, reopen()]) {
      assertEquals(await each.get("a/b.cbor"), BYTES);
      assertEquals(await each.get("a/b.cbor", { offset: 1, length: 3 }), BYTES.slice(1, 4));
      assertEquals(await each.get("a/b.cbor", { offset: 3, length: 10 }), BYTES.slice(3));
      assertEquals(await each.get("a/b.cbor", { offset: 9 }), new Uint8Array());
      assertEquals(await each.stat("a/b.cbor"), { byteLength: 5 });
    }
  });

  test("shares no memory with what it was given or gave", async ({ store }) => {
    const given = BYTES.slice();
    await store.put("x.cbor", given);
    given.fill(9);
    (await store.get("x.cbor")).fill(8);
    assertEquals(await store.get("x.cbor"), BYTES);
  });

  test("writes an object from many parts", async ({ store }) => {
    const parts = Array.from({ length: 40 }, (_, index) => new Uint8Array(70_001).fill(index));
    const written = await store.write("packs/a.pack", [new Uint8Array(), ...parts, BYTES]);
    assertEquals(written, 40 * 70_001 + 5);
    const read = await store.get("packs/a.pack");
    assertEquals(read.length, written);
    parts.forEach((part, index) => {
      const start = index * 70_001;
      assert(read.subarray(start, start + 70_001).every((byte) => byte === part[0]));
    });
    assertEquals(read.slice(-5), BYTES);
  });

  test("keeps an empty object", async ({ store }) => {
    await store.put("empty.cbor", new Uint8Array());
    assertEquals(await store.get("empty.cbor"), new Uint8Array());
    assertEquals(await store.stat("empty.cbor"), { byteLength: 0 });
  });

  test("never overwrites", async ({ store, reopen }) => {
    await store.put("x.cbor", BYTES);
    await assertRejects(() => reopen().put("x.cbor", new Uint8Array(1)), ObjectExistsError);
    await assertRejects(() => store.write("x.cbor", [new Uint8Array(1)]), ObjectExistsError);
    assertEquals(await store.get("x.cbor"), BYTES);
  });

  test("lets exactly one of many create a name", async ({ store, reopen }) => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => {
        const each = index % 2 === 0 ? store : reopen();
        return each.put("race.cbor", Uint8Array.of(index)).then(() => index);
      }),
    );
    const won = results.filter((result) => result.status === "fulfilled");
    assertEquals(won.length, 1);
    assertEquals(await store.get("race.cbor"), Uint8Array.of(won[0]?.value ?? -1));
    for (const result of results) {
      if (result.status === "rejected") assert(result.reason instanceof ObjectExistsError);
    }
  });

  test("lists what is directly below a prefix, sorted", async ({ store }) => {
    for (const name of ["e/b.cbor", "e/a.cbor", "f.cbor", "e/deep/c.cbor"]) {
      await store.put(name, BYTES);
    }
    assertEquals(await store.list("e/"), ["e/a.cbor", "e/b.cbor", "e/deep"]);
    assertEquals(await store.list(""), ["e", "f.cbor"]);
    assertEquals(await store.list("none/"), []);
  });

  test("removes, and does not mind what is not there", async ({ store }) => {
    await store.put("e/a.cbor", BYTES);
    await store.put("e/b.cbor", BYTES);
    await store.remove(["e/a.cbor", "e/none.cbor", "none/x.cbor"]);
    assertEquals(await store.list("e/"), ["e/b.cbor"]);
    assertEquals(await store.stat("e/a.cbor"), undefined);
    await store.put("e/a.cbor", Uint8Array.of(7));
    assertEquals(await store.get("e/a.cbor"), Uint8Array.of(7));
  });

  test("says that there is no such object", async ({ store }) => {
    await assertRejects(() => store.get("x.cbor"), ObjectNotFoundError);
    await assertRejects(() => store.open("a/x.cbor"), ObjectNotFoundError);
    assertEquals(await store.stat("a/x.cbor"), undefined);
  });

  test("settles what is there, and skips what is not", async ({ store }) => {
    if (store.settle === undefined) return;
    await store.put("a/b.cbor", BYTES, { durability: "process" });
    await store.settle(["a/b.cbor", "a/c.cbor", "d/e.cbor"]);
    assertEquals(await store.get("a/b.cbor"), BYTES);
  });

  test("refuses names that are unsafe or lead outside", async ({ store }) => {
    const names = ["", "/etc/passwd", "../x", "a/../b", "a//b", ".x", "a/.", "C:/x", "a\\b", "con"];
    names.push("nul.cbor", "a.", "a b", "é", "a\0b", "x".repeat(201), `${"a/".repeat(8)}b`);
    for (const name of names) {
      await assertRejects(() => store.put(name, BYTES), InvalidNameError);
      await assertRejects(() => store.write(name, [BYTES]), InvalidNameError);
      await assertRejects(() => store.get(name), InvalidNameError);
      await assertRejects(() => store.stat(name), InvalidNameError);
      await assertRejects(() => store.remove([name]), InvalidNameError);
    }
    await assertRejects(() => store.list("a"), InvalidNameError);
    await assertRejects(() => store.list("../"), InvalidNameError);
  });

  test("counts the bytes that are read and written", async ({ store, reopen }) => {
    await store.put("x.cbor", new Uint8Array(1000));
    assertEquals([store.bytesWritten, store.bytesRead], [1000, 0]);
    const other = reopen();
    await other.get("x.cbor", { offset: 10, length: 20 });
    assertEquals([other.bytesWritten, other.bytesRead], [0, 20]);
  });

  test("refuses ranges that are none", async ({ store }) => {
    await store.put("x.cbor", BYTES);
    await assertRejects(() => store.get("x.cbor", { offset: -1 }), RangeError);
    await assertRejects(() => store.get("x.cbor", { length: 1.5 }), RangeError);
  });

  test("does nothing once its signal is aborted", async ({ store }) => {
    await store.put("x.cbor", BYTES);
    const signal = AbortSignal.abort();
    const abort = (run: () => Promise<unknown>) => assertRejects(run, DOMException);
    await abort(() => store.put("y.cbor", BYTES, { signal }));
    await abort(() => store.write("y.cbor", [BYTES], { signal }));
    await abort(() => store.get("x.cbor", { signal }));
    await abort(() => store.list("", { signal }));
    await abort(() => store.remove(["x.cbor"], { signal }));
    await abort(() => store.stat("x.cbor", { signal }));
    await abort(() => store.promises({ signal }));
    assertEquals(await store.list(""), ["x.cbor"]);
  });

  test("ends a write with its signal's own reason, and leaves nothing", async ({ store }) => {
    const controller = new AbortController();
    class Stopped extends Error {}
    function* parts() {
      yield BYTES;
      controller.abort(new Stopped());
      yield BYTES;
    }
    await store.put("warm.cbor", BYTES);
    const { signal } = controller;
    await assertRejects(() => store.write("x.pack", parts(), { signal }), Stopped);
    assertEquals(await store.list(""), ["warm.cbor"]);
  });

  for (const durability of LEVELS) {
    test(`keeps or refuses durability ${durability}`, async ({ store, reopen }) => {
      const strongest = (await store.promises()).durability;
      const isPromised = LEVELS.indexOf(durability) <= LEVELS.indexOf(strongest);
      if (!isPromised) {
        await assertRejects(() => store.put("x.cbor", BYTES, { durability }), PromiseError);
        await assertRejects(() => store.write("y.pack", [BYTES], { durability }), PromiseError);
        assertEquals(await store.list(""), []);
        return;
      }
      await store.put("a/x.cbor", BYTES, { durability });
      await store.write("b/y.pack", [BYTES], { durability });
      assertEquals(await reopen().get("a/x.cbor"), BYTES);
      assertEquals(await reopen().get("b/y.pack"), BYTES);
      await store.remove(["a/x.cbor"], { durability });
      assertEquals(await reopen().list("a/"), []);
    });
  }
}
