import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import {
  CheckpointStore,
  denoFileSystem,
  FileStore,
  type FileSystem,
  StoreError,
  StorePermissionError,
} from "../../storage/mod.ts";
import { testStore } from "../conformance/store.ts";
import { InvalidNameError } from "../../storage/errors.ts";
import { START } from "./sample.ts";
import { temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

const BYTES = Uint8Array.of(1, 2, 3);

testStore({
  name: "file:",
  make: async () => {
    const folder = await temporaryFolder();
    // Not there yet: the first write makes it.
    const root = join(folder.path, "deep", "checkpoints");
    return {
      store: new FileStore(root),
      reopen: () => new FileStore(root),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  },
});

Deno.test("a file store makes nothing before it writes", async () => {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "checkpoints");
  const store = new FileStore(root);
  assertEquals(await store.list(""), []);
  assertEquals(await store.stat("x.cbor"), undefined);
  await assertRejects(() => store.get("x.cbor"), StoreError);
  await assertRejects(() => Deno.lstat(root), Deno.errors.NotFound);
});

Deno.test("a quick look tells what is there, also what another store wrote since", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  assertEquals(store.glance("attempts/2.cbor"), false);
  await new FileStore(folder.path).put("attempts/2.cbor", Uint8Array.of(1));
  assertEquals(store.glance("attempts/2.cbor"), true);
  assertThrows(() => store.glance("../outside"), InvalidNameError);
  await Deno.remove(join(folder.path, "attempts"), { recursive: true });
  assertEquals(store.glance("attempts/2.cbor"), false);
});

Deno.test("links inside the store are refused, and its own path may lead through one", async () => {
  await using folder = await temporaryFolder();
  const outside = join(folder.path, "outside");
  await Deno.mkdir(outside);
  await Deno.writeFile(join(outside, "secret.cbor"), BYTES);
  const root = join(folder.path, "root");
  await Deno.mkdir(root);
  await Deno.symlink(outside, join(root, "packs"));
  await Deno.symlink(join(outside, "secret.cbor"), join(root, "job.cbor"));
  const store = new FileStore(root);
  await assertRejects(() => store.get("packs/secret.cbor"), StoreError, "symbolic link");
  await assertRejects(() => store.get("job.cbor"), StoreError, "is a link");
  await assertRejects(() => store.list("packs/"), StoreError, "symbolic link");
  await assertRejects(() => store.write("packs/x.pack", [BYTES]), StoreError, "symbolic link");
  await assertRejects(() => store.remove(["packs/secret.cbor"]), StoreError, "symbolic link");
  assertEquals((await Array.fromAsync(Deno.readDir(outside))).length, 1);

  const alias = join(folder.path, "alias");
  await Deno.mkdir(join(folder.path, "real"));
  await Deno.symlink(join(folder.path, "real"), alias);
  await new FileStore(alias).put("x.cbor", BYTES);
  assertEquals(await new FileStore(alias).get("x.cbor"), BYTES);
});

Deno.test("a store whose folder is a file says so", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "file");
  await Deno.writeFile(path, BYTES);
  const store = new FileStore(path);
  await assertRejects(() => store.stat("job.cbor"), StoreError, "not a folder");
  await assertRejects(() => store.list(""), StoreError, "not a folder");
  await assertRejects(() => store.put("job.cbor", BYTES), StoreError, "should be a folder");
  await assertRejects(() => new FileStore(join(path, "x")).put("y.cbor", BYTES), StoreError);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("temporary names are no objects", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(join(folder.path, ".left.tmp"), BYTES);
  assertEquals(await new FileStore(folder.path).list(""), []);
});

Deno.test("points are told in order", async () => {
  await using folder = await temporaryFolder();
  const points: string[] = [];
  const store = new FileStore(folder.path, { onPoint: (point) => void points.push(point) });
  await store.put("warm.cbor", BYTES);
  points.length = 0;
  await store.write("x.pack", [BYTES]);
  await store.put("x.cbor", BYTES);
  await store.remove(["x.cbor"]);
  assertEquals(points, [
    ...["pack write", "pack sync", "folder sync"],
    ...["manifest write", "manifest sync", "link", "after link", "folder sync"],
    ...["remove", "folder sync"],
  ]);
});

const OWN = "tests/storage/.own-folder";

Deno.test({
  name: "a store needs permission for its own folder only, and says what it could not sync",
  permissions: { read: [OWN], write: [OWN] },
  fn: async () => {
    const store = new FileStore(OWN);
    try {
      await store.put("epochs/x.cbor", BYTES);
      assertEquals(await store.get("epochs/x.cbor"), BYTES);
      const { durability, reasons } = await store.promises();
      assertEquals(durability, "power");
      assertStringIncludes(
        reasons.join(),
        `the entry of "${OWN}" in "tests/storage" is not synced`,
      );
    } finally {
      await Deno.remove(OWN, { recursive: true });
    }
  },
});

for (const kind of ["read", "write"] as const) {
  Deno.test({
    name: `a missing permission to ${kind} names its flag`,
    permissions: { read: kind === "write", write: kind === "read" },
    fn: async () => {
      const store = new FileStore("checkpoints-of-nobody");
      const run = kind === "read"
        ? () => store.stat("job.cbor")
        : () => store.put("job.cbor", BYTES);
      const error = await assertRejects(run, StorePermissionError);
      assertEquals(error.flag, `--allow-${kind}=checkpoints-of-nobody`);
      assertStringIncludes(error.message, error.flag ?? "");
    },
  });
}

// The system denies root nothing, so that the denial is the file system's own word here.
Deno.test("what the system denies is no permission of Deno's", async () => {
  const fileSystem: FileSystem = {
    ...denoFileSystem(),
    open: () => Promise.reject(new Deno.errors.PermissionDenied("Permission denied (os error 13)")),
  };
  await using folder = await temporaryFolder();
  await Deno.writeFile(join(folder.path, "x.cbor"), BYTES);
  const error = await assertRejects(
    () => new FileStore(folder.path, { fileSystem }).get("x.cbor"),
    StorePermissionError,
  );
  assertEquals(error.flag, undefined);
  assertStringIncludes(error.message, "owner and mode");
});

Deno.test("an attempt does not begin where nothing can be read back, as behind a link", async () => {
  await using folder = await temporaryFolder();
  const fileSystem: FileSystem = {
    ...denoFileSystem(),
    open: () => Promise.reject(new Deno.errors.NotCapable("Requires read access")),
  };
  const store = new FileStore(folder.path, { fileSystem });
  const opened = await CheckpointStore.open(store, { job: "sum" });
  const error = await assertRejects(() => opened.begin(START), StorePermissionError);
  assertStringIncludes(error.message, "a part of the path is a symbolic link");
  assertEquals(await store.list("attempts/"), []);
});

Deno.test("what others wrote is synced up to the store's folder, however that is written", async () => {
  await using folder = await temporaryFolder();
  for (const [index, written] of ["/", "/.", "/../", "//"].entries()) {
    const plain = join(folder.path, `${index}`);
    const root = written === "/../" ? `${plain}/../${index}/` : `${plain}${written}`;
    const synced: string[] = [];
    const fileSystem = watchedFileSystem(({ op, path }) => {
      if (op === "syncFile" || op === "syncFolder") synced.push(path);
    });
    const store = new FileStore(root, { fileSystem });
    assertEquals(store.root, plain);
    await store.put("pins/x.cbor", BYTES);
    synced.length = 0;
    await store.settle(["pins/x.cbor"]);
    const found = [join(plain, "pins", "x.cbor"), join(plain, "pins"), plain];
    assertEquals(synced.sort(), found.sort());
  }
  assertEquals(new FileStore("./a/").root, "a");
  assertEquals(new FileStore("/").root, "/");
});

Deno.test("what fails to be synced is named, and the rest is not left under way", async () => {
  await using folder = await temporaryFolder();
  let isEnded = true;
  const fileSystem: FileSystem = {
    ...denoFileSystem(),
    syncFile: async (path) => {
      if (path.endsWith("b.cbor")) throw new Deno.errors.NotFound("it is gone");
      if (path.endsWith("c.cbor")) throw new Error("the disk says no");
      isEnded = false;
      await new Promise((resolve) => setTimeout(resolve, 5));
      isEnded = true;
    },
  };
  const store = new FileStore(folder.path, { fileSystem });
  await store.settle(["a.cbor", "b.cbor"]);
  const failing = () => store.settle(["a.cbor", "b.cbor", "c.cbor"]);
  const error = await assertRejects(failing, StoreError, "the disk says no");
  assertEquals([error.path, isEnded], [join(folder.path, "c.cbor"), true]);
});

Deno.test({
  name: "what is to be synced and is no file is named, and not waited for",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const store = new FileStore(folder.path);
    await store.put("pins/x.cbor", BYTES);
    const pipe = join(folder.path, "pins", "pipe.cbor");
    assertEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
    await Deno.symlink(join(folder.path, "pins", "x.cbor"), join(folder.path, "pins", "l.cbor"));
    for (const [name, kind] of [["pipe", "other"], ["l", "link"]]) {
      const settling = () => store.settle(["pins/x.cbor", `pins/${name}.cbor`]);
      await assertRejects(settling, StoreError, `should be a file, but is a ${kind}`);
    }
    await store.settle(["pins/x.cbor", "pins/gone.cbor"]);
  },
});

Deno.test("of very many files that others wrote some are synced at once, and all in the end", async () => {
  await using folder = await temporaryFolder();
  const names = Array.from({ length: 100 }, (_, index) => `attempts/a${index}.cbor`);
  const synced = new Set<string>();
  let running = 0;
  let most = 0;
  const sync = async (path: string) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    synced.add(path);
  };
  const fileSystem: FileSystem = { ...denoFileSystem(), syncFile: sync, syncFolder: sync };
  await new FileStore(folder.path, { fileSystem }).settle(names);
  const all = [...names, "attempts", ""].map((name) => join(folder.path, name));
  assertEquals(all.filter((path) => !synced.has(path)), []);
  assert(most > 1 && most <= 32, `${most} at once`);
});

Deno.test("of first writes at once none is told before all folders above are synced", async () => {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "a", "b", "c", "d");
  const synced = new Set<string>();
  const fileSystem: FileSystem = {
    ...denoFileSystem(),
    syncFolder: async (path) => {
      // Who begins with one that lies deeper must not end first.
      await new Promise((resolve) => setTimeout(resolve, path === folder.path ? 50 : 1));
      synced.add(path);
    },
  };
  const store = new FileStore(root, { fileSystem });
  await store.promises();
  const above = ["", "a", "a/b", "a/b/c"].map((path) => join(folder.path, path));
  synced.clear();
  await Promise.all(["x.cbor", "y.cbor", "z.cbor"].map(async (name) => {
    await store.put(name, BYTES, { durability: "power" });
    assertEquals(above.filter((path) => !synced.has(path)), []);
  }));
});
