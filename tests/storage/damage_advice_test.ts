import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { verifyText } from "../../runtime/cli/verify.ts";
import {
  CheckpointStore,
  DamagedError,
  type Manifest,
  type Store,
  verifyStore,
} from "../../storage/mod.ts";
import { begin, noise, save, testBoth, value } from "./sample.ts";

/** Two epochs and a phase, each with what it needs. */
async function saved(store: Store): Promise<Manifest> {
  const attempt = await begin(await CheckpointStore.open(store));
  await save(attempt, 0, { main: { a: value(noise(9000)) } });
  const last = await save(attempt, 1, { main: { a: value(noise(9000, 2)) } });
  await save(attempt, 1, { main: { a: { carry: last.nodes.main!.a! } } }, { phase: "exit" });
  return last;
}

/** What `verify` says once an object has lost its end. */
async function saidOf(store: Store, name: string): Promise<string> {
  const bytes = await store.get(name);
  await store.remove([name]);
  await store.put(name, bytes.slice(0, -5));
  const report = await verifyStore(await CheckpointStore.open(store));
  return verifyText(report, { full: false });
}

const ADVICE: readonly (readonly [string, string, number])[] = [
  ["attempts/000001.cbor", "No epoch is lost by it: a resume cannot say what was edited since", 0],
  ["attempts/000001.parent.cbor", "What that attempt saved stays, and mostly says where", 0],
  ["epochs/e000001.a000001.cbor", "Resume from an earlier epoch, or bring the file back", 1],
  ["phases/e000001.a000001.exit.cbor", "A resume of the newest epoch runs that phase again", 1],
];

for (const [name, advice, bad] of ADVICE) {
  testBoth(`what is to be done about a damaged object fits it: ${name}`, async ({ store }) => {
    await saved(store);
    const text = await saidOf(store, name);
    assertStringIncludes(text, `\ndamaged: "${name}" should have `);
    assertStringIncludes(text, advice);
    assertStringIncludes(text, `${3 - bad} states good, ${bad} damaged`);
    assertEquals(text.includes("no blob is lost"), false);
  });
}

testBoth(
  "a pack that is gone says how many bytes it had, whoever looks for it",
  async ({ store }) => {
    const last = await saved(store);
    const [pack = ""] = last.packs;
    const { byteLength = 0 } = await store.stat(pack) ?? {};
    await store.remove([pack]);
    const opened = await CheckpointStore.open(store);
    const looks = [
      () => opened.readBlobs(last, () => true),
      () => opened.check(last),
      () => opened.check(last, { full: true }),
    ];
    for (const look of looks) {
      const { message } = await assertRejects(look, DamagedError);
      assertStringIncludes(
        message,
        `"${pack}" should have at least ${byteLength} bytes, but has no such object. Resume from an earlier epoch`,
      );
    }
    const text = verifyText(await verifyStore(opened), { full: false });
    assertStringIncludes(text, `damaged: "${pack}" should have at least ${byteLength} bytes, but`);
  },
);

Deno.test("what a task log has lost is done again, and nobody needs to go back for it", () => {
  const { message } = new DamagedError("tasks/a000001.log", "the SHA-256 1", "2");
  assertEquals(
    message,
    'Damaged: "tasks/a000001.log" should have the SHA-256 1, but has 2. ' +
      "No epoch needs it: what tasks had recorded there they do again",
  );
});
