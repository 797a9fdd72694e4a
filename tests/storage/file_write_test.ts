import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  denoFileSystem,
  FileStore,
  PromiseError,
  StoreError,
  StoreFullError,
  UnknownOutcomeError,
} from "../../storage/mod.ts";
import { type Operation, temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

const BYTES = Uint8Array.of(1, 2, 3);

Deno.test("an object is written, synced, linked, and its folder synced, in this order", async () => {
  await using folder = await temporaryFolder();
  const log: string[] = [];
  const names = new Map<string, string>();
  const short = (path: string) => {
    if (!path.endsWith(".tmp")) return path.slice(folder.path.length) || "/";
    if (!names.has(path)) names.set(path, `tmp${names.size}`);
    return names.get(path) ?? "";
  };
  const store = new FileStore(join(folder.path, "job"), {
    fileSystem: watchedFileSystem(({ op, path }) => {
      if (op !== "stat" && path.startsWith(folder.path)) log.push(`${op} ${short(path)}`);
    }),
  });
  await store.promises();
  log.length = 0;
  names.clear();
  await store.put("epochs/e.cbor", BYTES);
  assertEquals(log, [
    "syncFolder /",
    "makeFolder /job/epochs",
    "syncFolder /job",
    "create tmp0",
    "write tmp0",
    "sync tmp0",
    "link /job/epochs/e.cbor",
    "syncFolder /job/epochs",
    "remove tmp0",
  ]);
  log.length = 0;
  await store.write("packs/a/p.pack", [BYTES, BYTES]);
  assertEquals(log, [
    "makeFolder /job/packs",
    "syncFolder /job",
    "makeFolder /job/packs/a",
    "syncFolder /job/packs",
    "create /job/packs/a/p.pack",
    "write /job/packs/a/p.pack",
    "sync /job/packs/a/p.pack",
    "syncFolder /job/packs/a",
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

Deno.test("what is tried out and cleared away by somebody who repairs says nothing of links", async () => {
  await using folder = await temporaryFolder();
  let cleared = 0;
  const clearing = (most: number) =>
    watchedFileSystem(({ op }) => {
      if (op !== "link" || cleared >= most) return;
      cleared++;
      for (const { name } of Deno.readDirSync(folder.path)) {
        Deno.removeSync(join(folder.path, name));
      }
    });
  const { durability, reasons } = await new FileStore(folder.path, { fileSystem: clearing(3) })
    .promises();
  assertEquals([durability, reasons, cleared], ["power", [], 3]);
  await assertRejects(
    () => new FileStore(folder.path, { fileSystem: clearing(Infinity) }).promises(),
    StoreError,
  );
  assertEquals(cleared, 13);
});
