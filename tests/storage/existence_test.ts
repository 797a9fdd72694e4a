import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { denoFileSystem } from "../../storage/mod.ts";
import { Existence } from "../../storage/existence.ts";
import { temporaryFolder } from "./watched_file_system.ts";

Deno.test("what is not there is not found, what is there is, in a folder with few names and with many", async () => {
  await using folder = await temporaryFolder();
  const { exists } = denoFileSystem();
  const at = (name: string) => exists?.(join(folder.path, name));
  assertEquals(at("next"), false);
  for (let index = 0; index < 60; index++) {
    const name = `${index}.cbor`;
    assertEquals(at(name), false);
    await Deno.writeTextFile(join(folder.path, name), "");
    assertEquals(at(name), true);
    await Deno.remove(join(folder.path, name));
    assertEquals(at(name), false);
    await Deno.writeTextFile(join(folder.path, name), "");
  }
  await Deno.symlink(join(folder.path, "nowhere"), join(folder.path, "link"));
  assertEquals(at("link"), true);
  assertEquals(at("none/next"), false);
});

Deno.test("a folder with many names is not listed again and again", async () => {
  await using folder = await temporaryFolder();
  const looks: string[] = [];
  const existence = new Existence((path) => looks.push(path) > 0);
  for (let index = 0; index < 30; index++) {
    await Deno.writeTextFile(join(folder.path, `${index}`), "");
  }
  const path = join(folder.path, "next");
  assertEquals(existence.exists(path), false);
  assertEquals(looks, []);
  assertEquals(existence.exists(path), true);
  assertEquals(looks, [path]);
});

Deno.test("where nobody can tell whether it is there, that is no no", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "file");
  await Deno.writeTextFile(file, "");
  assertThrows(() => denoFileSystem().exists?.(join(file, "next")));
});
