// The manifest of the docs: against Kubernetes' own types, and what it relies on, by real processes.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { parse } from "yaml";
import { ROOT, runWell, withFolder } from "../e2e/process.ts";
import { JOB } from "./job.ts";

const TEXT = await Deno.readTextFile(join(ROOT, "examples/kubernetes.yaml"));

/** What the test reads of a manifest that was checked. */
interface Manifest {
  spec: {
    podFailurePolicy: {
      rules: { action: string; onExitCodes?: { containerName: string; values: number[] } }[];
    };
    template: {
      spec: {
        terminationGracePeriodSeconds: number;
        containers: { name: string; args: string[]; volumeMounts: { mountPath: string }[] }[];
      };
    };
  };
}

const manifest = (): Manifest => parse(TEXT);

Deno.test("kubernetes: the manifest is a Job by the types made of Kubernetes' OpenAPI schema", async () => {
  assertEquals(await problemOf(manifest()), undefined);
});

for (
  const { name, spoil, said } of [
    {
      name: "a field that there is not",
      spoil: (pod: Record<string, unknown>) => pod.gracePeriodSeconds = 120,
      said: `'"gracePeriodSeconds"' does not exist`,
    },
    {
      name: "a text for a number",
      spoil: (pod: Record<string, unknown>) => pod.terminationGracePeriodSeconds = "120",
      said: "'string' is not assignable to type 'number'",
    },
    {
      name: "a container too few",
      spoil: (pod: Record<string, unknown>) => delete pod.containers,
      said: "'containers' is missing",
    },
  ]
) {
  Deno.test(`kubernetes: the check refuses ${name}`, async () => {
    const spoilt = manifest();
    spoil(spoilt.spec.template.spec as unknown as Record<string, unknown>);
    assertStringIncludes(await problemOf(spoilt) ?? "nothing", said);
  });
}

Deno.test("kubernetes: the exit of a pod that was stopped, or is held, is ignored, and its grace is within the pod's", () => {
  const { spec: { podFailurePolicy: { rules }, template: { spec: pod } } } = manifest();
  const [container] = pod.containers;
  assert(container !== undefined);
  assertEquals(rules.filter(({ onExitCodes }) => onExitCodes !== undefined), [
    {
      action: "Ignore",
      onExitCodes: { containerName: container.name, operator: "In", values: [75, 76, 142, 143] },
    } as typeof rules[number],
  ]);
  const grace = container.args[container.args.indexOf("--grace") + 1] ?? "";
  assert(grace.endsWith("s"), grace);
  assert(Number(grace.slice(0, -1)) < pod.terminationGracePeriodSeconds);
});

Deno.test("kubernetes: the command as it stands runs in a clone", async () => {
  await withFolder(async (folder) => {
    const params = ["--param", "epochs=1", "--param", "images=500"];
    const { args: [run = "", ...args] } = containerOf(folder);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [run, "--frozen", ...args, ...params],
      cwd: ROOT,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(code, 0, text);
    assertStringIncludes(text, `at file:${join(folder, "checkpoints")}`);
  });
});

Deno.test("kubernetes: pods that are told to go, one of them killed, end as one that is never told", async () => {
  const undisturbed = await withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "job.ts"), JOB);
    return await runWell(join(folder, "job.ts"), { flags: ["--allow-read", "--allow-write"] });
  });
  await withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "job.ts"), JOB);
    await Deno.writeTextFile(join(folder, "hold"), "");
    const told = await runPod(folder, { tellAt: "held in epoch 3", graceMs: 60_000 });
    assertEquals([told.code, told.isKilled], [75, false], told.text);
    assertStringIncludes(told.text, "stopped (epoch 2 is saved)");
    // One that hears nothing is killed when its time is over: here at once, since it would stop in time.
    const killed = await runPod(folder, { tellAt: "held in epoch 3", graceMs: 0 });
    assertEquals(killed.isKilled, true, killed.text);
    await Deno.remove(join(folder, "hold"));
    const last = await runPod(folder, {});
    assertEquals(last.code, 0, last.text);
    assertStringIncludes(last.text, "three: resumed from epoch 2 (attempt 3)");
    assertEquals(digestOf(last.text), digestOf(undisturbed));
  });
});

/** What the compiler says of a manifest, as a value of Kubernetes' own type; nothing where it is one. */
async function problemOf(manifest: unknown): Promise<string | undefined> {
  return await withFolder(async (folder) => {
    const file = join(folder, "manifest.ts");
    await Deno.writeTextFile(
      file,
      `import type { Job } from "kubernetes-types/batch/v1.d.ts";
export const job: Job = ${JSON.stringify(manifest, undefined, 2)};
`,
    );
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--frozen", `--config=${join(ROOT, "deno.json")}`, file],
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    }).output();
    return success ? undefined : new TextDecoder().decode(stderr);
  });
}

/** The manifest's container, with a folder for its volume. */
function containerOf(folder: string): Manifest["spec"]["template"]["spec"]["containers"][number] {
  const [container] = manifest().spec.template.spec.containers;
  assert(container !== undefined);
  const [{ mountPath } = { mountPath: "" }, ...more] = container.volumeMounts;
  assertEquals(more, []);
  const args = container.args.map((arg) => arg.replace(mountPath, join(folder, "checkpoints")));
  return { ...container, args };
}

/** Runs what the manifest's container runs, with another job, and ends it as a kubelet does. */
async function runPod(
  folder: string,
  { tellAt, graceMs = 0 }: { readonly tellAt?: string; readonly graceMs?: number },
): Promise<{ code: number; isKilled: boolean; text: string }> {
  const [run = "", ...rest] = containerOf(folder).args;
  const args = rest.map((arg) => arg === "examples/digits.ts" ? "job.ts" : arg);
  const child = new Deno.Command(Deno.execPath(), {
    // The job looks for `hold` beside it, which the manifest has no need of.
    args: [run, `--config=${join(ROOT, "deno.json")}`, `--allow-read=${folder}`, ...args],
    cwd: folder,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  let text = "";
  let killer: ReturnType<typeof setTimeout> | undefined;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (tellAt === undefined || killer !== undefined || !text.includes(tellAt)) continue;
    child.kill("SIGTERM");
    killer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    if (graceMs === 0) child.kill("SIGKILL");
  }
  const { code, signal } = await child.status;
  clearTimeout(killer);
  return { code, isKilled: signal === "SIGKILL", text: text + await errors };
}

function digestOf(text: string): string {
  const found = text.match(/digest of all: (\S+)/)?.[1];
  assert(found !== undefined, text);
  return found;
}
