import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  attemptName,
  comparePosition,
  manifestName,
  MAX_NUMBER,
  newPackName,
  newRemovalName,
  parentName,
  parseAttemptName,
  parseManifestName,
  parsePackName,
  parseRemovalName,
  PHASES,
} from "../../storage/layout.ts";
import { checkName } from "../../storage/mod.ts";

const numbers = fc.oneof(
  fc.nat(20),
  fc.integer({ min: 999_990, max: 1_000_010 }),
  fc.nat(MAX_NUMBER),
);
const refs = fc.record({ epoch: numbers, attempt: numbers, phase: fc.constantFrom(...PHASES) });

Deno.test("names say what they were made from, also beyond six digits (property)", () => {
  fc.assert(fc.property(refs, (ref) => {
    const { attempt, epoch } = ref;
    assertEquals(parseManifestName(manifestName(ref)), ref);
    assertEquals(parseAttemptName(attemptName(attempt)), { attempt, isParent: false });
    assertEquals(parseAttemptName(parentName(attempt)), { attempt, isParent: true });
    assertEquals(parsePackName(newPackName(ref, "trainer_0.a-b")), {
      ...{ attempt, epoch, node: "trainer_0.a-b" },
    });
    assertEquals(parseRemovalName(newRemovalName(attempt)), { attempt });
    for (
      const name of [manifestName(ref), parentName(attempt), newPackName(ref, "n".repeat(100))]
    ) {
      checkName(name);
    }
  }));
});

Deno.test("names are those of the design", () => {
  const ref = { epoch: 20, attempt: 3, phase: "download" } as const;
  assertEquals(manifestName(ref), "phases/e000020.a000003.download.cbor");
  assertEquals(manifestName({ ...ref, phase: "epoch" }), "epochs/e000020.a000003.cbor");
  assertEquals(parentName(3), "attempts/000003.parent.cbor");
});

Deno.test("other names are no objects of a job", () => {
  const names = [
    "epochs/e1.a1.cbor",
    "epochs/e0000001.a000001.cbor",
    "epochs/e000001.a000001.upload.cbor",
  ];
  names.push("phases/e000001.a000001.cbor", "phases/e000001.a000001.epoch.cbor", "epochs/x", "x");
  names.push(
    "epochs/e000001.a000001.cbor.tmp",
    "packs/e000001.a000001.cbor",
    "epochs/e1000000000.a000001.cbor",
  );
  for (const name of names) assertEquals(parseManifestName(name), undefined, name);
  const nonce = "0".repeat(32);
  for (
    const name of [
      "../../x",
      `packs/a000001/../${nonce}.pack`,
      `packs/a000001/e000001.a/b.${nonce}.pack`,
      `packs/a000001/e000001.${"n".repeat(101)}.${nonce}.pack`,
    ]
  ) {
    assertEquals(parsePackName(name), undefined, name);
  }
  assertEquals(parseAttemptName("attempts/1.cbor"), undefined);
});

Deno.test("positions go by epoch, then by phase", () => {
  const order = [[1, "epoch"], [1, "upload"], [1, "download"], [1, "exit"], [2, "epoch"]] as const;
  const positions = order.map(([epoch, phase]) => ({ epoch, phase }));
  assertEquals(positions.toReversed().sort(comparePosition), positions);
});
