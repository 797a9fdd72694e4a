// What one blob of a saved epoch comes out of, against all migrations on all that was saved.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { blob, epochs, job, type Migration, migration, on, task } from "../../../dsl/mod.ts";
import {
  decodeNodes,
  type NodeValues,
  type RestoreMap,
} from "../../../runtime/checkpoint/restore.ts";
import { compile, type Program } from "../../../runtime/program.ts";
import { Migrations } from "../../../runtime/run/migrate.ts";
import { CheckpointStore, type Manifest, MemoryStore } from "../../../storage/mod.ts";
import { begin, request, value } from "../../storage/sample.ts";

const NAMES = ["a", "b", "c", "d", "e"] as const;
const NODES = ["left", "right"] as const;
const tokens = new Map(NAMES.map((name) => [name, blob<string>(name)]));
const blobsOf = (names: readonly (typeof NAMES)[number][]) =>
  Object.fromEntries(names.map((name) => [name, tokens.get(name) ?? blob<string>(name)]));

const someNames = (least: number) =>
  fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: least });
const jobs = fc.record({
  /** What is saved of each node … */
  saved: fc.tuple(someNames(0), someNames(0)),
  /** … what the job has there now … */
  used: fc.tuple(someNames(1), someNames(1)),
  /** … what lies between … */
  steps: fc.array(fc.record({ reads: someNames(0), writes: someNames(1) }), { maxLength: 6 }),
  /** … and which of those the state has gone through. */
  done: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
});

/** Says in its value what it was made of. */
function migrationOf(
  { reads, writes }: { reads: (typeof NAMES)[number][]; writes: (typeof NAMES)[number][] },
  index: number,
): Migration {
  const name = `m${index}`;
  return migration(name, { reads: blobsOf(reads), writes: blobsOf(writes) })
    .run((inputs) => {
      const from = Object.values(inputs as Record<string, string>).sort();
      return Object.fromEntries(
        writes.map((written) => [written, `${name}.${written}(${from})`]),
      ) as never;
    });
}

/** A program with migrations in its plan, whether or not a job's check would call each of use. */
function programOf(
  used: readonly (readonly (typeof NAMES)[number][])[],
  migrate: readonly Migration[],
): Program {
  const epoch = NODES.map((node, index) =>
    on(node, task(`use-${node}`, { reads: blobsOf([...used[index] ?? []]) }).run(() => {}))
  );
  const init = NODES.map((node, index) =>
    on(
      node,
      task(`make-${node}`, { writes: blobsOf([...used[index] ?? []]) })
        .run(() => Object.fromEntries((used[index] ?? []).map((name) => [name, "new"])) as never),
    )
  );
  const made = job("moved", {
    ...{ init, epoch, until: epochs(1) },
    checkpoint: { to: "memory:unused" },
  });
  const program = compile(made);
  return { ...program, plan: { ...program.plan, migrate } };
}

async function savedOf(names: readonly (readonly string[])[]): Promise<Manifest> {
  const attempt = await begin(await CheckpointStore.open(new MemoryStore()));
  const nodes = Object.fromEntries(
    NODES.map((node, index) => [
      node,
      Object.fromEntries((names[index] ?? []).map((name) => [name, value(`${node} ${name}`)])),
    ]),
  );
  return (await attempt.save(request({ epoch: 0, nodes }))).manifest;
}

/** What a map makes of what was saved, or of some of it; nothing where a migration fails. */
async function applied(
  manifest: Manifest,
  map: RestoreMap,
  isRead: (node: string, name: string) => boolean,
): Promise<NodeValues | undefined> {
  const loaded = new Map(
    Object.entries(manifest.nodes).map(([node, entries]) => [
      node,
      new Map(
        Object.keys(entries).filter((name) => isRead(node, name))
          .map((name) => [name, `${node} ${name}`]),
      ),
    ]),
  );
  const values = await decodeNodes(manifest, loaded, () => undefined, map);
  try {
    await map.apply(values);
    return values;
  } catch {
    return undefined;
  }
}

function namesIn(text: string, pattern: RegExp): readonly string[] {
  return [...new Set([...text.matchAll(pattern)].map(([name]) => name))].sort();
}

Deno.test("one blob comes out of what it reads as it does when all is migrated", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(jobs, async ({ saved, used, steps, done }) => {
      const migrate = steps.map(migrationOf);
      const program = programOf(used, migrate);
      const manifest = await savedOf(saved);
      const names = migrate.map(({ name }) => name).filter((_, index) => done[index] === true);
      const migrations = new Migrations(program, manifest, { names });
      const all = await applied(manifest, migrations, () => true);
      if (all === undefined) return;
      for (const { node, blob: { name } } of program.blobs) {
        const map = migrations.behind(node, name);
        const alone = await applied(
          manifest,
          map,
          (at, read) => at === node && map.reads.has(read),
        );
        const made = all.get(node)?.get(name);
        assertEquals(alone?.get(node)?.get(name), made, `${node}/${name}`);
        if (typeof made !== "string") continue;
        // Nothing is read or run in vain: each leaves its name in what it has made.
        assertEquals(map.makes.toSorted(), namesIn(made, /m\d/g));
        assertEquals([...map.reads].sort(), namesIn(made, /(?<=(left|right) )[a-e]/g));
        if (map.makes.length > 1) compared++;
      }
    }),
    { numRuns: 400 },
  );
  assert(compared > 100, `only ${compared} blobs came out of more than one migration`);
});

Deno.test("what is made of nothing is made too where no task uses it but who reads it as saved", async () => {
  const fresh = migrationOf({ reads: [], writes: ["a"] }, 0);
  const program = programOf([["a"], ["b"]], [fresh]);
  const manifest = await savedOf([["b"], ["b"]]);
  const migrations = new Migrations(program, manifest, { names: [] });
  for (const node of NODES) {
    const map = migrations.behind(node, "a");
    assertEquals((await applied(manifest, map, () => false))?.get(node)?.get("a"), "m0.a()", node);
  }
});

Deno.test("what is made of nothing is there for those that read it, and only where it is wanted", async () => {
  const migrate = [
    migrationOf({ reads: [], writes: ["b"] }, 0),
    migrationOf({ reads: ["a", "b"], writes: ["c"] }, 1),
    migrationOf({ reads: ["b"], writes: ["d"] }, 2),
  ];
  const program = programOf([["c"], ["d", "e"]], migrate);
  const cases = [
    { saved: [["a"], []], left: { c: "m1.c(left a,m0.b())" }, right: { d: "m2.d(m0.b())" } },
    { saved: [[], ["e"]], left: {}, right: { d: "m2.d(m0.b())", e: "right e" } },
  ];
  for (const { saved, ...made } of cases) {
    const manifest = await savedOf(saved);
    const migrations = new Migrations(program, manifest, { names: [] });
    const all = await applied(manifest, migrations, () => true);
    for (const node of NODES) {
      assertEquals(Object.fromEntries(all?.get(node) ?? []), { ...made[node] }, node);
    }
  }
});
