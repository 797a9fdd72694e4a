/** Which edits of the types that blobs are declared with are told, and how often. */
import { assertEquals } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { blob, codec, epochs, type Job, job, nodes, replicate, task } from "../../../dsl/mod.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";

/** Two nodes with three blobs, of which one has an initial value, and one a codec. */
function made(to: string): Job {
  const weights = blob<number[]>("weights");
  const total = blob<number>("total", { initial: () => 0 });
  const list = blob<number[]>("list", {
    codec: codec({ encode: (all) => all.join(), decode: (s: string) => s.split(",").map(Number) }),
  });
  const start = task("start", { writes: { weights, list } }).run(() => ({
    weights: [1],
    list: [1],
  }));
  const add = task("add", { reads: { weights, list, total }, writes: { total } })
    .run(({ total }) => ({ total: total + 1 }));
  const both = nodes("worker", 2);
  return job("typed", {
    init: [replicate(both, start)],
    epoch: [replicate(both, add)],
    until: epochs(2),
    checkpoint: { to },
  });
}

/** A module's text that declares blobs with types. */
function declaring(types: Readonly<Record<string, string>>, more: string = ""): string {
  const blobs = Object.entries(types).map(([name, type]) => {
    const options: Readonly<Record<string, string>> = {
      total: ", { initial: () => 0 }",
      list: ", { codec: joined }",
    };
    return `export const ${name} = blob<${type}>("${name}"${options[name] ?? ""});\n`;
  });
  return `import { blob } from "tidemark";\n${more}${blobs.join("")}`;
}

type Files = Readonly<Record<string, string>>;

/** What is said of the types of blobs where a job's files are others than when it was saved. */
async function told(before: Files, now: Files): Promise<readonly string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const write = async (files: Files) => {
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(join(folder, name), text);
      }
    };
    const to = `memory:${crypto.randomUUID()}`;
    const base = toFileUrl(join(await Deno.realPath(folder), "job.ts")).href;
    await write(before);
    await using session = new LocalSession();
    await new JobRunner(made(to), { base, stopAfterEpoch: 1 }).run(session);
    await write(now);
    const { changes } = await new JobRunner(made(to), { base }).changesSince();
    return changes.map(({ what }) => what).filter((what) => what.includes("is declared"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const oneFile = (types: Readonly<Record<string, string>>): Files => ({
  "job.ts": declaring(types),
});

Deno.test("blob types: an edited one is told once, however many nodes have the blob", async () => {
  assertEquals(await told(oneFile({ weights: "number[]" }), oneFile({ weights: "Weight[]" })), [
    'blob "weights" is declared blob<Weight[]>, was blob<number[]>',
  ]);
});

Deno.test("blob types: that of a blob with an initial value or a codec says nothing", async () => {
  assertEquals(await told(oneFile({ total: "number" }), oneFile({ total: "1 | 2" })), []);
  assertEquals(await told(oneFile({ list: "number[]" }), oneFile({ list: "1[]" })), []);
});

Deno.test("blob types: one name that two modules declare with other types says nothing", async () => {
  const files = (own: string, other: string): Files => ({
    "job.ts": declaring({ weights: own }, 'import * as all from "./other.ts";\n'),
    "other.ts": declaring({ weights: other }),
  });
  const edited = 'blob "weights" is declared blob<B[]>, was blob<A[]>';
  assertEquals(await told(files("A[]", "A[]"), files("B[]", "B[]")), [edited]);
  assertEquals(await told(files("A[]", "A[]"), files("B[]", "C[]")), []);
  assertEquals(await told(files("A[]", "B[]"), files("B[]", "B[]")), []);
  assertEquals(await told(files("B[]", "A[]"), files("B[]", "B[]")), []);
});
