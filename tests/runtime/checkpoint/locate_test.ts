import { assertEquals, assertRejects } from "@std/assert";
import { locate } from "../../../runtime/checkpoint/locate.ts";
import { unrecordedWarnings } from "../../../runtime/checkpoint/unrecorded.ts";
import { NothingToResumeError } from "../../../runtime/errors.ts";
import {
  type AttemptInfo,
  CheckpointNotFoundError,
  type CheckpointStore,
  computeLines,
  type ManifestRef,
} from "../../../storage/mod.ts";

const ref = (epoch: number, attempt: number, phase: ManifestRef["phase"] = "epoch") => ({
  ...{ epoch, attempt, phase },
});
const fresh = (attempt: number): AttemptInfo => ({ attempt, isStarted: true, parent: undefined });

/** What `locate` asks of a store. */
function storeOf(attempts: readonly AttemptInfo[], manifests: readonly ManifestRef[]) {
  const history = { ...computeLines(attempts, manifests), attempts, manifests };
  const asked = { history: () => Promise.resolve(history), store: { place: "memory:x" } };
  return asked as unknown as CheckpointStore;
}

Deno.test("locate: where nothing is on the line, the newest epoch beside it is named, and no phase", async () => {
  const store = storeOf([fresh(1), fresh(2), fresh(3)], [
    ...[ref(0, 1), ref(5, 1)],
    ...[ref(0, 2), ref(1, 2), ref(1, 2, "upload"), ref(1, 2, "exit")],
  ]);
  const error = await assertRejects(() => locate(store, "latest"), NothingToResumeError);
  assertEquals(error.beside, "1@a2");
});

Deno.test("locate: who names an attempt in vain is told of all epochs, and no phases", async () => {
  const store = storeOf([fresh(1), fresh(2)], [
    ...[ref(0, 1), ref(1, 1)],
    ...[ref(0, 2), ref(0, 2, "exit")],
  ]);
  const error = await assertRejects(() => locate(store, "9@a9"), CheckpointNotFoundError);
  assertEquals(error.available, ["0@a2", "0@a1", "1@a1"]);
});

Deno.test("of attempts without records the five newest are told of, with an epoch to go on from", () => {
  const attempts = [fresh(1)];
  const unrecorded = [2, 3, 4, 5, 6, 7, 8];
  const manifests = [
    ref(0, 1),
    ...unrecorded.flatMap((attempt) => [ref(attempt, attempt), ref(attempt, attempt, "exit")]),
  ];
  const said = unrecordedWarnings({ attempts, manifests, unrecorded });
  assertEquals(said.map((text) => text.split(" has ")[0]), [
    ...["attempt 4", "attempt 5", "attempt 6", "attempt 7", "attempt 8"],
  ]);
  assertEquals(said[0]?.startsWith("attempt 4 has saved 4@a4 to 4@a4 (exit), but"), true);
  assertEquals(said[0]?.endsWith("; or resume with --from 4@a4, on a new line"), true);
  const phases = manifests.filter(({ phase }) => phase !== "epoch");
  const [only = ""] = unrecordedWarnings({ attempts, manifests: phases, unrecorded: [8] });
  assertEquals([only.includes("saved 8@a8 (exit), but"), only.includes("--from")], [true, false]);
  // What the current line has gone past is nothing to go on from instead.
  const later = unrecordedWarnings({ attempts: [fresh(7)], manifests, unrecorded });
  assertEquals(later.length, 1);
});
