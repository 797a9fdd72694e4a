import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type AttemptInfo,
  computeAncestors,
  computeLines,
  formatRef,
  type ManifestRef,
} from "../../storage/mod.ts";

const ref = (
  epoch: number,
  attempt: number,
  phase: ManifestRef["phase"] = "epoch",
): ManifestRef => ({
  ...{ epoch, attempt, phase },
});
const names = (refs: readonly ManifestRef[]) => refs.map(formatRef);

Deno.test("the current line leads back over the attempts", () => {
  const attempts: AttemptInfo[] = [
    { attempt: 1, isStarted: true, parent: undefined },
    { attempt: 2, isStarted: true, parent: ref(2, 1) },
    { attempt: 3, isStarted: true, parent: ref(4, 2) },
    { attempt: 4, isStarted: true, parent: ref(1, 1) },
    { attempt: 5, isStarted: false, parent: undefined },
  ];
  const manifests = [
    ...[ref(0, 1), ref(1, 1), ref(2, 1), ref(3, 1)],
    ...[ref(3, 2), ref(4, 2), ref(5, 2)],
    ...[ref(5, 3)],
    ...[ref(2, 4)],
  ];
  const { line, sides } = computeLines(attempts, manifests);
  assertEquals(names(line), ["0@a1", "1@a1", "2@a4"]);
  assertEquals(
    sides.map(({ attempt, from, refs }) => [attempt, from && formatRef(from), names(refs)]),
    [
      [3, "1@a1", ["2@a1", "3@a2", "4@a2", "5@a3"]],
      [2, "4@a2", ["5@a2"]],
      [1, "2@a1", ["3@a1"]],
    ],
  );
});

Deno.test("a fresh start leaves the old line aside, whole", () => {
  const attempts: AttemptInfo[] = [
    { attempt: 1, isStarted: true, parent: undefined },
    { attempt: 2, isStarted: true, parent: undefined },
  ];
  const { line, sides } = computeLines(attempts, [ref(0, 1), ref(1, 1)]);
  assertEquals(line, []);
  assertEquals(sides, [{
    attempt: 1,
    from: undefined,
    nearest: undefined,
    refs: [ref(0, 1), ref(1, 1)],
  }]);
});

Deno.test("a line whose start was removed hangs on the nearest state before that", () => {
  const attempts: AttemptInfo[] = [
    { attempt: 1, isStarted: true, parent: undefined },
    { attempt: 2, isStarted: true, parent: ref(5, 1) },
    { attempt: 3, isStarted: true, parent: ref(9, 2) },
    { attempt: 4, isStarted: true, parent: ref(9, 2) },
  ];
  const nearest = (...kept: ManifestRef[]) => {
    const { sides } = computeLines(attempts, [...kept, ref(12, 3), ref(13, 4)]);
    return sides.map(({ attempt, from, nearest }) => [
      ...[attempt, from && formatRef(from), nearest && formatRef(nearest)],
    ]);
  };
  assertEquals(nearest(ref(9, 2)), [[3, "9@a2", "9@a2"]]);
  assertEquals(nearest(ref(8, 2), ref(10, 2)), [[3, "9@a2", "8@a2"], [2, "8@a2", "8@a2"]]);
  // What has the parent's place on another line, or comes later, is none of it.
  assertEquals(nearest(ref(6, 1), ref(4, 1), ref(5, 1), ref(10, 2)), [
    [3, "9@a2", "5@a1"],
    [2, "5@a1", "5@a1"],
    [1, "5@a1", "5@a1"],
  ]);
  assertEquals(nearest(), [[3, "9@a2", undefined]]);
});

Deno.test("phases count as later than their epoch, and only up to the branching", () => {
  const attempts: AttemptInfo[] = [
    { attempt: 1, isStarted: true, parent: undefined },
    { attempt: 2, isStarted: true, parent: ref(1, 1, "upload") },
  ];
  const manifests = [
    ...[ref(1, 1), ref(1, 1, "upload"), ref(1, 1, "download")],
    ref(1, 2, "download"),
  ];
  const { line } = computeLines(attempts, manifests);
  assertEquals(names(line), ["1@a1", "1@a1 (upload)", "1@a2 (download)"]);
});

/** A history as runners make them: each starts from something that is there, and goes on a while. */
const histories = fc.array(
  fc.record({ pick: fc.nat(), epochs: fc.nat(4), isFresh: fc.boolean(), isStarted: fc.boolean() }),
  { minLength: 1, maxLength: 12 },
).map((starts) => {
  const attempts: AttemptInfo[] = [];
  const manifests: ManifestRef[] = [];
  const parents = new Map<string, ManifestRef | undefined>();
  starts.forEach(({ pick, epochs, isFresh, isStarted }, index) => {
    const attempt = index + 1;
    const parent = isFresh || !isStarted ? undefined : manifests[pick % (manifests.length || 1)];
    attempts.push({ attempt, isStarted, parent });
    if (!isStarted) return;
    let last = parent;
    for (let step = 0; step < epochs; step++) {
      const next = ref(last === undefined ? 0 : last.epoch + 1, attempt);
      parents.set(formatRef(next), last);
      manifests.push(next);
      last = next;
    }
  });
  return { attempts, manifests, parents };
});

/** The chain back by what each state says of its parent. */
function chain(
  parents: ReadonlyMap<string, ManifestRef | undefined>,
  last: ManifestRef | undefined,
) {
  const refs: ManifestRef[] = [];
  for (let at = last; at !== undefined; at = parents.get(formatRef(at))) refs.unshift(at);
  return names(refs);
}

Deno.test("lines agree with what each state says of its parent (property)", () => {
  fc.assert(fc.property(histories, ({ attempts, manifests, parents }) => {
    const { line, sides } = computeLines(attempts, manifests.toReversed());
    const head = attempts.findLast(({ isStarted }) => isStarted);
    const last = manifests.findLast(({ attempt }) => attempt === head?.attempt) ?? head?.parent;
    assertEquals(names(line), chain(parents, last));
    const all = [...line, ...sides.flatMap(({ refs }) => refs)];
    assertEquals(names(all).sort(), names(manifests).sort());
    for (const { refs, from } of sides) {
      assertEquals(chain(parents, refs.at(-1)).slice(-refs.length), names(refs));
      const before = parents.get(formatRef(refs[0]!));
      assertEquals(from && formatRef(from), before && formatRef(before));
    }
    for (const each of manifests) {
      const ancestors = names(computeAncestors(attempts, manifests, each));
      assertEquals([...ancestors, formatRef(each)], chain(parents, each));
    }
  }));
});
