// Any sequence of changes, saves, drops, reclaims and loads equals a simple model.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import {
  type Attempt,
  type BlobEntry,
  type BlobToSave,
  type BlockRef,
  CheckpointStore,
  encodeValue,
  FileStore,
  formatRef,
  type ManifestRef,
  MemoryStore,
  Snapshot,
  type Store,
  verifyStore,
} from "../../storage/mod.ts";
import { BLOCK_BYTES } from "../../storage/manifest.ts";
import { assertSameBlobs, save, START } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

const NAMES = ["a", "b", "c"] as const;
const MOST_BLOCKS = 6;

/** The values of blobs, by name; those that are not set are missing. */
type Values = Map<string, Uint8Array<ArrayBuffer>>;

type Step =
  | { readonly kind: "change"; readonly blob: string; readonly at: number[]; readonly to: number }
  | { readonly kind: "resize"; readonly blob: string; readonly length: number }
  | { readonly kind: "unset"; readonly blob: string }
  /** With a plan that keeps the last few, or none. */
  | { readonly kind: "save"; readonly keep: number | undefined }
  /** The states by their place among those that are left. */
  | { readonly kind: "drop"; readonly places: readonly number[] }
  | { readonly kind: "load"; readonly place: number }
  | { readonly kind: "reopen" };

const blob = fc.constantFrom(...NAMES);
const block = fc.nat(MOST_BLOCKS - 1);
const length = fc.tuple(block, fc.constantFrom(0, 9, 5000))
  .map(([blocks, more]) => blocks * BLOCK_BYTES + more);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      ...{ kind: fc.constant("change" as const), blob, to: fc.nat(255) },
      at: fc.array(block, { minLength: 3, maxLength: 8 }),
    }),
    weight: 8,
  },
  { arbitrary: fc.record({ kind: fc.constant("resize" as const), blob, length }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant("unset" as const), blob }), weight: 1 },
  {
    arbitrary: fc.record({
      kind: fc.constant("save" as const),
      keep: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    }),
    weight: 6,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant("drop" as const),
      places: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({ kind: fc.constant("load" as const), place: fc.nat(9) }),
    weight: 1,
  },
  { arbitrary: fc.constant({ kind: "reopen" as const }), weight: 1 },
);

/** How much was done, over all sequences. */
const done = { saves: 0, statesRead: 0, blocksCopied: 0, drops: 0, loads: 0, reopened: 0 };

/** A job, and the model of it: all values of every state that is left. */
class Job {
  readonly #left = new Map<string, { readonly ref: ManifestRef; readonly values: Values }>();
  #values: Values = new Map();
  #touched = new Set<string>();
  #snapshots = new Map<string, Snapshot>();
  /** What the last state has of each blob. */
  #saved: Readonly<Record<string, BlobEntry>> = {};
  #last: ManifestRef | undefined;

  private constructor(
    private readonly open: () => Store,
    private store: CheckpointStore,
    private attempt: Attempt,
  ) {}

  static async begin(open: () => Store): Promise<Job> {
    const store = await CheckpointStore.open(open(), { job: "job", durability: "none" });
    const attempt = await store.begin(START);
    await attempt.recordParent(undefined);
    const job = new Job(open, store, attempt);
    for (const name of NAMES) job.#set(name, new Uint8Array(4 * BLOCK_BYTES));
    return job;
  }

  async do(step: Step): Promise<void> {
    if (step.kind === "change") this.#change(step.blob, step.at, step.to);
    else if (step.kind === "resize") {
      const next = new Uint8Array(step.length);
      next.set(this.#values.get(step.blob)?.subarray(0, step.length) ?? []);
      this.#set(step.blob, next);
    } else if (step.kind === "unset") {
      this.#values.delete(step.blob);
      this.#touched.add(step.blob);
      this.#snapshots.delete(step.blob);
    } else if (step.kind === "save") await this.#save(step.keep);
    else if (step.kind === "drop") {
      const refs = [...this.#left.values()].map(({ ref }) => ref);
      await this.#drop(step.places.flatMap((place) => refs[place] ?? []));
    } else if (step.kind === "load") {
      const { ref } = [...this.#left.values()][step.place % this.#left.size] ?? {};
      done.loads++;
      if (ref !== undefined) await this.#goOn(ref);
    } else await this.#reopen();
  }

  #set(name: string, value: Uint8Array<ArrayBuffer>): void {
    this.#values.set(name, value);
    this.#touched.add(name);
  }

  #change(name: string, blocks: readonly number[], to: number): void {
    const value = this.#values.get(name);
    if (value === undefined) return;
    for (const block of blocks) {
      const at = block * BLOCK_BYTES + to;
      if (at < value.length) value[at] = to;
    }
    this.#touched.add(name);
  }

  #toSave(name: string): BlobToSave {
    const value = this.#values.get(name);
    const before = this.#saved[name];
    if (value === undefined) return { absent: true };
    if (before !== undefined && !this.#touched.has(name)) return { carry: before };
    const snapshot = this.#snapshots.get(name) ?? new Snapshot();
    this.#snapshots.set(name, snapshot);
    return { codec: false, ...snapshot.update(encodeValue(value)) };
  }

  async #save(keep: number | undefined): Promise<void> {
    const toSave = Object.fromEntries(NAMES.map((name) => [name, this.#toSave(name)]));
    const epoch = (this.#last?.epoch ?? -1) + 1;
    const before = new Map(Object.entries(toSave).map(([name, to]) => [name, [...knownOf(to)]]));
    const manifest = await save(this.attempt, epoch, { main: toSave }, { reclaim: true });
    const entries = manifest.nodes.main ?? {};
    for (const [name, entry] of Object.entries(entries)) {
      const blocks = "blocks" in entry && entry.blocks !== undefined ? entry.blocks : [];
      const known = before.get(name) ?? [];
      done.blocksCopied += blocks.filter(({ pack }, at) =>
        known[at] && known[at].pack !== pack
      ).length;
    }
    this.#follow(entries);
    const { attempt, phase } = manifest;
    this.#last = { epoch, attempt, phase };
    const values = new Map([...this.#values].map(([name, value]) => [name, value.slice()]));
    this.#left.set(formatRef(this.#last), { ref: this.#last, values });
    done.saves++;
    if (keep !== undefined) {
      const { verdicts } = await this.store.judge([{ rule: "last", n: keep }]);
      await this.#drop(verdicts.filter(({ keep }) => !keep).map(({ ref }) => ref));
    }
    await this.check(false);
  }

  #follow(entries: Readonly<Record<string, BlobEntry>>): void {
    for (const [name, entry] of Object.entries(entries)) {
      this.#snapshots.get(name)?.committed("blocks" in entry ? entry.blocks ?? [] : []);
    }
    this.#saved = entries;
    this.#touched.clear();
  }

  async #drop(refs: readonly ManifestRef[]): Promise<void> {
    const last = this.#last && formatRef(this.#last);
    const going = refs.filter((ref) => formatRef(ref) !== last);
    await this.attempt.remove(going);
    for (const ref of going) if (this.#left.delete(formatRef(ref))) done.drops++;
  }

  /** Begins another attempt, with what is saved as a state. */
  async #goOn(ref: ManifestRef | undefined): Promise<void> {
    const attempt = await this.store.begin(START);
    const { removals } = await this.store.history();
    await attempt.recordParent(ref, { removals });
    await attempt.sweep();
    this.attempt = attempt;
    this.#last = ref;
    this.#snapshots = new Map();
    if (ref === undefined) {
      this.#follow({});
      for (const name of NAMES) this.#touched.add(name);
      return;
    }
    const manifest = await this.store.readManifest(ref);
    const loaded = await this.store.readBlobs(manifest, () => true);
    const entries = manifest.nodes.main ?? {};
    this.#values = new Map(loaded.get("main") as Values);
    for (const [name, entry] of Object.entries(entries)) {
      if (!("blocks" in entry) || entry.blocks === undefined) continue;
      const snapshot = new Snapshot();
      snapshot.adopt(this.#values.get(name)!, entry.blocks);
      this.#snapshots.set(name, snapshot);
    }
    this.#follow(entries);
    const { values } = this.#left.get(formatRef(ref))!;
    assertSameBlobs(Object.fromEntries(this.#values), Object.fromEntries(values));
  }

  /** Another process goes on from the newest state of the line. */
  async #reopen(): Promise<void> {
    done.reopened++;
    this.store = await CheckpointStore.open(this.open(), { job: "job", durability: "none" });
    const newest = (await this.store.history()).line.at(-1);
    assertEquals(newest && formatRef(newest), this.#last && formatRef(this.#last));
    await this.#goOn(newest);
  }

  /** Whether all that is left is there, is whole, and is what the model has; in full also every byte. */
  async check(full: boolean): Promise<void> {
    const report = await verifyStore(this.store, { full });
    assertEquals([report.damaged, report.garbage], [[], []]);
    const { manifests } = await this.store.history();
    assertEquals(manifests.map(formatRef).sort(), [...this.#left.keys()].sort());
    for (const { ref, values } of this.#left.values()) {
      const manifest = await this.store.readManifest(ref);
      const blobs = await this.store.readBlobs(manifest, () => true);
      assertSameBlobs(Object.fromEntries(blobs.get("main") ?? []), Object.fromEntries(values));
      done.statesRead++;
    }
  }
}

/** Where the blocks lie that a save need not write. */
function knownOf(to: BlobToSave): readonly (BlockRef | undefined)[] {
  if ("encoded" in to) return to.known ?? [];
  return "carry" in to && "blocks" in to.carry ? to.carry.blocks ?? [] : [];
}

for (const [kind, numRuns] of [["memory", 36], ["file", 16]] as const) {
  Deno.test(`any sequence of changes, saves, drops, reclaims and loads equals a model (${kind}:)`, async () => {
    Object.assign(done, Object.fromEntries(Object.keys(done).map((what) => [what, 0])));
    const steps = fc.array(step, { minLength: 12, maxLength: 30, size: "max" });
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        await using folder = await temporaryFolder();
        const memory = crypto.randomUUID();
        const job = await Job.begin(() =>
          kind === "memory" ? new MemoryStore(memory) : new FileStore(join(folder.path, "job"))
        );
        for (const step of steps) await job.do(step);
        await job.check(true);
      }),
      { numRuns },
    );
    console.log(`${numRuns} sequences:`, done);
    assert(Object.values(done).every((count) => count > 0));
  });
}
