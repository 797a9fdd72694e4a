import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob } from "../../../dsl/mod.ts";
import type { Checkpoints } from "../../../runtime/checkpoint/manager.ts";
import type { CheckpointPlace, CheckpointReport } from "../../../runtime/checkpoint/metadata.ts";
import { CheckpointsUnavailableError } from "../../../runtime/checkpoint/errors.ts";
import type { Session } from "../../../runtime/session/session.ts";
import { everywhere, notices } from "../run/world.ts";

const small = blob<number>("small");
const big = blob<Float64Array>("big");

everywhere(
  "metadata: is told the place, each committed epoch, and what each action took",
  async (world) => {
    const calls: string[] = [];
    const reports: CheckpointReport[] = [];
    const manager = world.manager({
      metadata: {
        setPlace: ({ db, dbType, nodes }) =>
          void calls.push(`place ${db === world.db} ${dbType} ${nodes.length}`),
        isAccessible: (epoch) => {
          calls.push(`accessible ${epoch}`);
          return true;
        },
        setCommittedEpoch: (epoch) => void calls.push(`committed ${epoch}`),
        report: (report) => void reports.push(report),
      },
    });
    const { session } = world.session();
    for (const node of world.nodes) {
      await session.feed(big, new Float64Array(50_000).fill(1), { node });
      await session.feed(small, 1, { node });
    }
    await session.run(manager.init(world.nodes));
    await session.run(manager.save(0));
    for (const node of world.nodes) await session.feed(small, 2, { node });
    await session.run(manager.save(1));
    await session.run(manager.load(0));
    await session.run(manager.loadBlobsFromCheckpoint([small], 1));
    assertEquals(calls, [
      `place true ${world.kind} ${world.nodes.length}`,
      ...["committed 0", "committed 1", "accessible 0", "accessible 1"],
    ]);
    const expected = [["save", 0], ["save", 1], ["load", 0], ["load", 1]]
      .flatMap(([action, epoch]) => world.nodes.map((node) => [action, epoch, node]));
    assertEquals(
      reports.map(({ action, epoch, node }) => [action, epoch, node]) as unknown[],
      expected,
    );
    for (const [index, { bytes, durationMs }] of reports.entries()) {
      const isWhole = index % (2 * world.nodes.length) < world.nodes.length;
      const isRight = isWhole ? bytes >= 400_000 : bytes > 0 && bytes < 1000;
      assert(isRight, `${bytes} bytes in report ${index}`);
      assert(durationMs > 0, `report ${index} took no time`);
    }
  },
);

everywhere("metadata: a load or a check that comes first says of which nodes", async (world) => {
  await world.run();
  const actions: ((manager: Checkpoints, session: Session) => Promise<unknown>)[] = [
    (manager, session) => session.run(manager.load(1)),
    (manager, session) => session.run(manager.checkDbExists(1)),
    (manager, session) => session.run(manager.loadBlobsFromCheckpoint(["total"], 1)),
  ];
  for (const action of actions) {
    const told: (readonly string[])[] = [];
    const metadata = { setPlace: ({ nodes }: CheckpointPlace) => void told.push(nodes) };
    const { session } = world.session();
    for (const node of world.nodes) session.workspace(node);
    await action(world.manager({ metadata }), session);
    assertEquals(told, [world.nodes]);
  }
});

everywhere(
  "metadata: each epoch of a run is told once, and again that from which a resume starts",
  async (world) => {
    const told: number[] = [];
    const metadata = { setCommittedEpoch: (epoch: number) => void told.push(epoch) };
    await world.run(world.job(), { checkpoints: world.manager({ metadata }) });
    assertEquals(told, [0, 1, 2, 3, 4]);
    // Killed between a commit and the handler, the first would have told nothing of its last epoch.
    await using killed = await world.beside();
    await killed.run(killed.job(), { stopAfterEpoch: 2 });
    told.length = 0;
    await killed.run(killed.job(), {
      checkpoints: killed.manager({ metadata }),
      resumeFromEpoch: "latest",
    });
    assertEquals(told, [2, 3, 4]);
  },
);

everywhere("metadata: that it makes a fresh start a resume is said", async (world) => {
  await world.run(world.job(), { stopAfterEpoch: 3 });
  const checkpoints = () => world.manager({ metadata: { lastEpoch: () => 1 } });
  for (const [resumeFromEpoch, asked] of [[undefined, "a fresh start"], [2, '"2"']] as const) {
    const from = resumeFromEpoch === undefined ? {} : { resumeFromEpoch };
    const { seen } = await world.run(world.job(), { checkpoints: checkpoints(), ...from });
    assertEquals(seen.of("run-started")[0]?.from, 1);
    const [said = ""] = notices(seen).filter((text) => text.includes("metadata handler"));
    for (const part of ["epoch 1", asked]) assertStringIncludes(said, part);
  }
  for (const resumeFromEpoch of [1, "latest"] as const) {
    const { seen } = await world.run(world.job(), { checkpoints: checkpoints(), resumeFromEpoch });
    assertEquals(notices(seen).filter((text) => text.includes("metadata handler")), []);
  }
});

everywhere("metadata: says what to resume from, and whether that can be reached", async (world) => {
  const asked: unknown[] = [];
  await world.run(world.job(), { stopAfterEpoch: 3 });
  const from = await world.run(world.job(), {
    checkpoints: world.manager({
      metadata: {
        lastEpoch: (requested) => {
          asked.push(requested);
          return 1;
        },
      },
    }),
    resumeFromEpoch: 2,
  });
  assertEquals(asked, [2]);
  assertEquals(from.seen.of("run-started")[0]?.from, 1);
  const { error } = await world.fail(world.job(), {
    checkpoints: world.manager({ metadata: { isAccessible: () => false } }),
    resumeFromEpoch: "latest",
  });
  assertInstanceOf(error, CheckpointsUnavailableError);
});
