import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import {
  CheckpointStore,
  decodeValue,
  FileStore,
  formatRef,
  type LogEntry,
  readLoggedBlob,
  readLoggedWork,
  verifyStore,
} from "../../storage/mod.ts";
import { encodeAsk, listAsks, readAsk } from "../../storage/asks.ts";
import { decodeHolder, encodeHolder } from "../../storage/hold.ts";
import {
  decodeParent,
  decodeRemoval,
  encodeAttempt,
  encodeParent,
  encodePin,
  encodeRemoval,
} from "../../storage/job_record.ts";
import { attemptName, parentName, pinName } from "../../storage/layout.ts";
import { listLogs } from "../../storage/list_logs.ts";
import { joinBytes } from "../../storage/record_cbor.ts";
import { encodeEntries, encodeLogHead } from "../../storage/task_log_codec.ts";
import { logName } from "../../storage/task_log_names.ts";
import { readLog } from "../../storage/task_log_reader.ts";
import {
  ASKS,
  DESCRIBED,
  ENTRIES,
  HELD,
  LARGE,
  LOGGED,
  MIGRATED,
  MORE,
  PINNED_MS,
  PRUNING,
} from "./golden/work.ts";
import { objects } from "./sample.ts";

const ROOT = fromFileUrl(new URL("golden/v1-work", import.meta.url));
const AFTER = { epoch: 1, attempt: 1, phase: "epoch" } as const;
const BEFORE = { ...AFTER, epoch: 0 };

Deno.test("work in progress of version 1 is read for ever", async () => {
  const store = new FileStore(ROOT);
  const before = await objects(store);
  const opened = await CheckpointStore.open(store, { job: "golden" });
  const { manifests, removals, damaged: records } = await opened.history();
  // The other one is pinned, and a later attempt says that the removal of this one was there before it.
  assertEquals([manifests.map(formatRef), removals.length, records], [["1@a1"], 1, []]);
  assertEquals(await opened.pins(), [{ epoch: 1, attempt: 1 }]);
  for (const [attempt, record] of [DESCRIBED, PRUNING, DESCRIBED].entries()) {
    assertEquals(await opened.readAttempt(attempt + 1), record);
  }
  const asks = await Promise.all((await listAsks(store)).map((name) => readAsk(store, name)));
  const byKind = asks.toSorted((a, b) => a!.asked.what < b!.asked.what ? 1 : -1);
  assertEquals(byKind, [...ASKS]);
  assertEquals(decodeHolder(".hold", await Deno.readFile(join(ROOT, ".hold"))), HELD);

  const work = await readLoggedWork(store, AFTER, 4);
  assertEquals(work?.damaged, []);
  const sources = work!.sources.slice(0, 1);
  const head = { ...LOGGED, attempt: 3, after: AFTER, sources, migrated: MIGRATED };
  assertEquals(work?.head, head);
  assertEquals(work?.entries.length, ENTRIES.length + MORE.length);
  for (const [index, entry] of [...ENTRIES, ...MORE].entries()) {
    await assertLogged(store, work!.entries[index]!, entry);
  }
  const { damaged, garbage, leftovers } = await verifyStore(opened, { full: true });
  assertEquals([damaged, garbage, leftovers], [[], [], []]);
  assertEquals(await objects(store), before);
});

async function assertLogged(
  store: FileStore,
  found: LogEntry,
  given: (typeof ENTRIES)[number],
): Promise<void> {
  if (found.kind !== "task" || given.kind !== "task" || given.outputs === undefined) {
    return assertEquals(found, given as LogEntry);
  }
  const { outputs = {}, ...rest } = found;
  const { outputs: _, ...others } = given;
  assertEquals(rest, others);
  const { small, large, own, ...more } = outputs;
  assertEquals(more, {});
  assert(small && large && own && !("absent" in small) && !("absent" in large));
  assertEquals(decodeValue(small.type, await readLoggedBlob(store, small)), 7);
  assert(large.blocks !== undefined);
  assertEquals(decodeValue(large.type, await readLoggedBlob(store, large)), LARGE);
  assert(!("absent" in own) && own.codec);
}

Deno.test("what lies beside checkpoints is still written byte for byte as in version 1", async () => {
  const store = new FileStore(ROOT);
  const all = await objects(store);
  const checked: string[] = [];
  const assertSame = (name: string, written: Uint8Array): void => {
    assertEquals(written, all.get(name), name);
    checked.push(name);
  };
  for (const [index, record] of [DESCRIBED, PRUNING, DESCRIBED].entries()) {
    const attempt = index + 1;
    assertSame(attemptName(attempt), encodeAttempt(attempt, record));
    const name = parentName(attempt);
    assertSame(name, encodeParent(attempt, decodeParent(attempt, all.get(name)!)));
  }
  for (const name of await store.list("removals/")) {
    const refs = decodeRemoval(name, all.get(name)!);
    assertEquals(refs, [BEFORE]);
    assertSame(name, encodeRemoval(2, refs));
  }
  const pin = pinName(AFTER);
  assertSame(pin, encodePin(AFTER, PINNED_MS));
  for (const name of await listAsks(store)) {
    assertSame(name, encodeAsk((await readAsk(store, name))!));
  }
  const others = [...all.keys()].filter((name) => !checked.includes(name));
  assertEquals(others.map((name) => name.split("/")[0]), [
    "epochs",
    "epochs",
    "job.cbor",
    "tasks",
    "tasks",
    "tasks",
  ]);
  assertEquals(encodeHolder(HELD), await Deno.readFile(join(ROOT, ".hold")));
  for (const log of await listLogs(store, {})) {
    const { head, entries } = await readLog(store, log, Infinity, {});
    const packs = (await store.list("tasks/")).filter((name) => name.endsWith(".pack"));
    const items = encodeEntries(entries, entries.length === MORE.length ? [] : packs);
    assertEquals(joinBytes([encodeLogHead(head!), items]), await store.get(logName(log)));
  }
});
