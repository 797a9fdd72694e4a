import { assertEquals } from "@std/assert";
import { blob, codec, from, gather, group, on, previous, task } from "../../../dsl/mod.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";

/** A value that must be freed, once, and not be used after that. */
class Handle {
  isFree = false;

  constructor(public value: number) {}
}

/** A blob of handles, with all that its codec has made. */
function handles() {
  const made: Handle[] = [];
  let freed = 0;
  const handle = blob("handle", {
    codec: codec({
      encode: ({ value, isFree }: Handle) => {
        if (isFree) throw new Error("used after it was freed");
        return value;
      },
      decode: (value: number) => {
        const one = new Handle(value);
        made.push(one);
        return one;
      },
      dispose: (one) => {
        if (one.isFree) throw new Error("freed twice");
        one.isFree = true;
        freed++;
      },
    }),
  });
  return { handle, made, freed: () => freed };
}

Deno.test("copies: those made for previous, from and gather are freed when the group ends", async () => {
  const { handle, made } = handles();
  const seen: number[] = [];
  const add = task("add", { updates: { handle } }).run(({ handle }) => void handle.value++);
  const old = task("old", { reads: { last: previous(handle) } })
    .run(({ last }) => void seen.push(last?.value ?? -1));
  const far = task("far", { reads: { one: from("main", handle), all: gather(["main"], handle) } })
    .run(({ one, all }) => void seen.push(one.value, ...all.map((each) => each.value)));
  {
    await using session = new LocalSession();
    await session.feed(handle, new Handle(1));
    await session.run(group(add, old, on("other", far)));
    assertEquals(seen, [1, 2, 2]);
    // The one that was fed is held.
    assertEquals(made.map((one) => one.isFree), [false, true, true, true]);
  }
  assertEquals(made.every((one) => one.isFree), true);
});

Deno.test("copies: one that a task returned is kept, and freed when it is replaced", async () => {
  const { handle, made, freed } = handles();
  const kept = blob<Handle>("kept", handle as { codec: NonNullable<typeof handle.codec> });
  const keep = task("keep", { reads: { one: from("main", handle) }, writes: { kept } })
    .run(({ one }) => ({ kept: one }));
  await using session = new LocalSession();
  await session.feed(handle, new Handle(1));
  await session.run(on("other", keep));
  assertEquals(freed(), 0);
  assertEquals(await session.fetch(kept, { node: "other" }), made[1]);
  await session.feed(kept, new Handle(2), { node: "other" });
  assertEquals(made.map((one) => one.isFree), [false, true, false]);
});

Deno.test("copies: those of a task that fails are freed too", async () => {
  const { handle, made } = handles();
  const fails = task("fails", { reads: { one: from("main", handle) } }).run(() => {
    throw new Error("broken");
  });
  await using session = new LocalSession();
  await session.feed(handle, new Handle(1));
  await session.run(on("other", fails)).catch(() => {});
  assertEquals(made.map((one) => one.isFree), [false, true]);
});
