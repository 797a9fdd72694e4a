import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  FileStore,
  PromiseError,
  StoreError,
  StoreFullError,
  StorePermissionError,
  UnknownOutcomeError,
} from "../../storage/mod.ts";
import { testStore } from "../conformance/store.ts";
import { type Operation, temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

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

Deno.test("an object is written, synced, linked, and its folder synced, in this order", async () => {
  await using folder = await temporaryFolder();
  const log: string[] = [];
  const names = new Map<string, string>();
  const short = (path: string) => {
    if (!path.endsWith(".tmp")) return path.slice(folder.path.length) || "/";
    if (!names.has(path)) names.set(path, `tmp${names.size}`);
    return names.get(path) ?? "";
  };
  const store = new FileStore(join(folder.path, "root"), {
    fileSystem: watchedFileSystem(({ op, path }) => {
      if (op !== "stat") log.push(`${op} ${short(path)}`);
    }),
  });
  await store.promises();
  log.length = 0;
  names.clear();
  await store.put("epochs/e.cbor", BYTES);
  assertEquals(log, [
    "syncFolder /",
    "makeFolder /root/epochs",
    "syncFolder /root",
    "create tmp0",
    "write tmp0",
    "sync tmp0",
    "link /root/epochs/e.cbor",
    "syncFolder /root/epochs",
    "remove tmp0",
  ]);
  log.length = 0;
  await store.write("packs/a/p.pack", [BYTES, BYTES]);
  assertEquals(log, [
    "makeFolder /root/packs",
    "syncFolder /root",
    "makeFolder /root/packs/a",
    "syncFolder /root/packs",
    "create /root/packs/a/p.pack",
    "write /root/packs/a/p.pack",
    "sync /root/packs/a/p.pack",
    "syncFolder /root/packs/a",
  ]);
});

Deno.test("without power durability nothing is synced, in the same order", async () => {
  await using folder = await temporaryFolder();
  const log: string[] = [];
  const watch = ({ op }: Operation) => void (op === "stat" || log.push(op));
  const store = new FileStore(folder.path, { fileSystem: watchedFileSystem(watch) });
  await store.promises();
  log.length = 0;
  await store.put("x.cbor", BYTES, { durability: "process" });
  await store.write("y.pack", [BYTES], { durability: "process" });
  assertEquals(log, ["create", "write", "link", "remove", "create", "write"]);
});

Deno.test("a store without links or folder syncs says so, and refuses what it cannot promise", async () => {
  for (const [broken, strongest] of [["link", "none"], ["syncFolder", "process"]] as const) {
    await using folder = await temporaryFolder();
    const store = new FileStore(folder.path, {
      fileSystem: watchedFileSystem(({ op }) => {
        if (op === broken) throw new Deno.errors.NotSupported("Operation not supported");
      }),
    });
    const promises = await store.promises();
    assertEquals(promises.durability, strongest);
    assertStringIncludes(promises.reasons.join(), "do not work there");
    await assertRejects(() => store.put("x.cbor", BYTES, { durability: "power" }), PromiseError);
    await store.put("x.cbor", BYTES, { durability: strongest });
    assertEquals(await store.get("x.cbor"), BYTES);
    await assertRejects(() => store.put("x.cbor", BYTES, { durability: strongest }), StoreError);
  }
});

Deno.test("a failed link or a failed sync behind it has an unknown outcome", async () => {
  for (const failing of ["link", "syncFolder"] as const) {
    await using folder = await temporaryFolder();
    let isArmed = false;
    const store = new FileStore(folder.path, {
      fileSystem: watchedFileSystem(({ op }) => {
        if (isArmed && op === failing) throw new Error("EIO: i/o error (os error 5)");
      }),
    });
    await store.put("warm.cbor", BYTES);
    isArmed = true;
    const error = await assertRejects(() => store.put("x.cbor", BYTES), UnknownOutcomeError);
    assert(error.cause instanceof StoreError);
  }
});

Deno.test("a failure before the link is certainly no commit, and leaves nothing", async () => {
  for (const failing of ["create", "write", "sync"] as const) {
    await using folder = await temporaryFolder();
    let isArmed = false;
    const store = new FileStore(folder.path, {
      fileSystem: watchedFileSystem(({ op }) => {
        if (isArmed && op === failing) throw new Error("EIO: i/o error (os error 5)");
      }),
    });
    await store.put("warm.cbor", BYTES);
    isArmed = true;
    for (const write of [() => store.put("x.cbor", BYTES), () => store.write("x.cbor", [BYTES])]) {
      const error = await assertRejects(write, StoreError);
      assert(!(error instanceof UnknownOutcomeError), failing);
    }
    const names = (await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name);
    assertEquals(names, ["warm.cbor"]);
  }
});

Deno.test("a failed sync is not tried again", async () => {
  await using folder = await temporaryFolder();
  let syncs = 0;
  const store = new FileStore(folder.path, {
    fileSystem: watchedFileSystem(({ op }) => {
      if (op === "sync" && ++syncs > 0) throw new Error("EIO: i/o error (os error 5)");
    }),
  });
  await assertRejects(() => store.write("x.pack", [BYTES]), StoreError);
  assertEquals(syncs, 1);
});

Deno.test("short writes are carried on", async () => {
  await using folder = await temporaryFolder();
  const { denoFileSystem } = await import("../../storage/mod.ts");
  const inner = denoFileSystem();
  const store = new FileStore(folder.path, {
    fileSystem: {
      ...inner,
      create: async (path) => {
        const file = await inner.create(path);
        return {
          write: (bytes) => file.write(bytes.subarray(0, Math.ceil(bytes.length / 3))),
          sync: () => file.sync(),
          close: () => file.close(),
        };
      },
    },
  });
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  await store.put("x.cbor", bytes);
  assertEquals(await store.get("x.cbor"), bytes);
});

Deno.test("a full disk is a typed error", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path, {
    fileSystem: watchedFileSystem(({ op }) => {
      if (op === "write") throw new Error("No space left on device (os error 28)");
    }),
  });
  await assertRejects(() => store.write("x.pack", [BYTES]), StoreFullError, "the disk is full");
});

Deno.test("a real full disk is a typed error", async () => {
  const found = await Deno.lstat("/dev/full").catch(() => undefined);
  if (found === undefined) return;
  await using folder = await temporaryFolder();
  const { denoFileSystem } = await import("../../storage/mod.ts");
  const store = new FileStore(folder.path, {
    fileSystem: {
      ...denoFileSystem(),
      create: async () => {
        const file = await Deno.open("/dev/full", { write: true });
        return {
          write: (bytes) => file.write(bytes),
          sync: () => file.sync(),
          close: () => file.close(),
        };
      },
    },
  });
  await assertRejects(() => store.write("x.pack", [BYTES]), StoreFullError);
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

Deno.test({
  name: "what the system denies is no permission of Deno's",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "x.cbor");
    await Deno.writeFile(path, BYTES, { mode: 0 });
    const error = await assertRejects(
      () => new FileStore(folder.path).get("x.cbor"),
      StorePermissionError,
    );
    assertEquals(error.flag, undefined);
  },
});
