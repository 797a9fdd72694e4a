/** A job whose blobs say of which epoch they are, and which keeps its newest one only: `turning_job.ts <folder>`. */

import {
  blob,
  CheckpointManager,
  epochs,
  job,
  JobRunner,
  keepLast,
  LocalSession,
  task,
} from "tidemark";

/** Elements of each array: 3 MiB, so that the two of them are saved by the writer thread. */
export const LENGTH: number = 3 * 2 ** 18;

/** Changed whole in each epoch: the packs before are removed. */
export const whole = blob("whole", { initial: () => new Int32Array(LENGTH) });
/** Changed in part, so that blocks of some epochs lie in one pack. */
export const part = blob("part", { initial: () => new Int32Array(LENGTH) });
/** The epoch. */
export const count = blob("count", { initial: () => 0 });

/** The elements of `part` that an epoch changes: a block in each epoch, in turn. */
const PARTS = 12;
const PART_LENGTH = LENGTH / PARTS;

const turn = task("turn", { updates: { whole, part }, writes: { count } })
  .run(({ whole, part }, { epoch }) => {
    whole.fill(epoch);
    const from = (epoch % PARTS) * PART_LENGTH;
    part.fill(epoch, from, from + PART_LENGTH);
    return { count: epoch };
  });

/** What the elements of a part are in an epoch. */
function partAt(index: number, epoch: number): number {
  const last = epoch - ((epoch - index) % PARTS + PARTS) % PARTS;
  return Math.max(0, last);
}

/** Of which epoch all that was read is; nothing where it is of several. */
export function epochOf(read: {
  readonly whole: Int32Array;
  readonly part: Int32Array;
  readonly count: number;
}): number | undefined {
  const { count: epoch } = read;
  if (read.whole.length !== LENGTH || read.part.length !== LENGTH) return undefined;
  const isWhole = read.whole.every((value) => value === epoch) &&
    read.part.every((value, at) => value === partAt(Math.floor(at / PART_LENGTH), epoch));
  return isWhole ? epoch : undefined;
}

if (import.meta.main) {
  const [folder = ""] = Deno.args;
  const turning = job("turning", {
    epoch: [turn],
    until: epochs(1_000_000),
    checkpoint: { to: "file:unused", keep: [keepLast(1)], durability: "process" },
  });
  await using session = new LocalSession({
    onEvent: (event) => {
      if (event.type === "save-committed") console.log(`saved ${event.epoch}`);
    },
  });
  const checkpoints = new CheckpointManager(folder, "file");
  await new JobRunner(turning, { checkpoints }).run(session);
}
