import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, codec } from "../../../dsl/mod.ts";
import { errorOf } from "../helpers.ts";
import { copyBlob, Workspace } from "../../../runtime/session/workspace.ts";

Deno.test("workspace: a blob's version grows with whatever may have changed it, and only its own", () => {
  const workspace = new Workspace("n");
  assertEquals(workspace.version("a"), 0);
  const versions = [0];
  const grew = (): void => {
    versions.push(workspace.version("a"));
    assert((versions.at(-1) ?? 0) > (versions.at(-2) ?? 0));
  };
  workspace.set("a", 1);
  grew();
  workspace.touch("a");
  grew();
  workspace.set("b", 1);
  assertEquals(workspace.version("a"), versions.at(-1));
  workspace.drop("a");
  grew();
  // Dropping what is not there changes nothing.
  workspace.drop("a");
  assertEquals(workspace.version("a"), versions.at(-1));
  workspace.set("a", undefined);
  grew();
  assertEquals([workspace.has("a"), workspace.get("a")], [true, undefined]);
});

Deno.test("workspace: initial values are copies, for what is not set", async () => {
  const constant = [1];
  const list = blob("list", { initial: () => constant });
  const handle = { id: 1 };
  const wrapped = blob("wrapped", {
    initial: () => handle,
    codec: codec({ encode: ({ id }: { id: number }) => id, decode: (id: number) => ({ id }) }),
  });
  const held = new Set<unknown>([constant, handle]);
  const one = new Workspace("one");
  for (const workspace of [one, new Workspace("two")]) {
    workspace.declare(list);
    workspace.declare(wrapped);
    await workspace.initialize();
    assertEquals(Object.fromEntries(workspace.values), { list: [1], wrapped: { id: 1 } });
    for (const value of workspace.values.values()) {
      assert(!held.has(value), "another workspace, or the job itself, holds the same object");
      held.add(value);
    }
  }
  one.set("list", [2]);
  await one.initialize();
  assertEquals(one.get("list"), [2]);
});

Deno.test("workspace: an initial value that cannot be saved is refused by the blob's name", async () => {
  const workspace = new Workspace("n");
  workspace.declare(blob("pair", { initial: () => ({ f: (() => 1) as never }) }));
  const { message } = await errorOf(workspace.initialize());
  assertStringIncludes(message, "pair.f");
});

Deno.test("workspace: dropping and clearing dispose by the codec", () => {
  const gone: number[] = [];
  const handle = blob("handle", {
    codec: codec({
      encode: (value: { id: number }) => value.id,
      decode: (id: number) => ({ id }),
      dispose: ({ id }) => void gone.push(id),
    }),
  });
  const workspace = new Workspace("n");
  workspace.declare(handle);
  workspace.set("handle", { id: 1 });
  workspace.drop("handle");
  workspace.set("handle", { id: 2 });
  workspace.set("other", 1);
  workspace.clear();
  assertEquals([gone, workspace.values.size], [[1, 2], 0]);
});

Deno.test("workspace: an unknown name is answered with the near ones", () => {
  const workspace = new Workspace("n");
  workspace.declare(blob<number>("weights"));
  const { message } = workspace.unknown("wieghts");
  assertStringIncludes(message, 'node "n"');
  assertStringIncludes(message, "weights");
});

Deno.test("workspace: a copy shares nothing, also through a codec", async () => {
  const list = blob<number[][]>("list");
  const value = [[1]];
  const copy = await copyBlob(list, value) as number[][];
  copy[0]?.push(2);
  assertEquals(value, [[1]]);
  const wrapped = blob("wrapped", {
    codec: codec({
      // Encodes to its own live memory, which a copy must not share.
      encode: (value: { data: Uint8Array }) => value.data,
      decode: (data: Uint8Array) => ({ data }),
    }),
  });
  const original = { data: Uint8Array.of(1) };
  const other = await copyBlob(wrapped, original) as { data: Uint8Array };
  other.data[0] = 9;
  assertEquals(original.data[0], 1);
});
