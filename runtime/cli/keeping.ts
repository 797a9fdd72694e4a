/**
 * The commands about what is kept: `explain`, `pin` and `unpin`.
 *
 * @module
 */
import { formatRef, type RetentionPlan } from "../../storage/mod.ts";
import type { Archive } from "../checkpoint/archive.ts";
import { inUseOf } from "../checkpoint/ask_holder.ts";
import { parseEpoch, toEpochRef } from "../checkpoint/epoch_ref.ts";
import { ruleOf } from "../checkpoint/retain.ts";
import type { Program } from "../program.ts";
import type { Arguments } from "./arguments.ts";
import { toJson } from "./json.ts";
import type { Output } from "./output.ts";
import { describeKeep } from "./plan_words.ts";
import { longest } from "./text.ts";

/** What these commands need. */
export interface Keeping {
  /** What is saved, and where. */
  readonly archive: Archive;
  /** The job's name. */
  readonly job: string;
  /** The job compiled, for its plan. */
  readonly program: Program;
  /** The command line. */
  readonly args: Arguments;
  /** Where to write. */
  readonly output: Output;
}

/** Says for each saved epoch why it stays or goes; changes nothing. */
export async function explain(
  { archive, job, program: { plan }, args, output }: Keeping,
): Promise<number> {
  const store = await archive.open(job, []);
  const { full } = args;
  const inUse = await inUseOf(store, await store.store.holder?.(), plan.load === "lazy");
  const rulesNow = (plan.keep ?? []).map(ruleOf);
  const judged = await store.judge(rulesNow, { looksAtAll: true, full, inUse });
  const { verdicts, unmet } = judged;
  if (args.json) {
    const states = verdicts.map(({ ref, keep, reasons }) => ({
      ...{ from: formatRef(ref), keep, reasons },
    }));
    output.out(`${toJson({ place: archive.place, states, unmet }, 2)}\n`);
    return 0;
  }
  const rules = plan.keep === undefined ? "all" : plan.keep.map(describeKeep).join(", ");
  output.out(`${archive.place}: keep ${rules}\n${explainText(judged)}`);
  return 0;
}

/** What becomes of each state, and why. */
export function explainText({ verdicts, unmet }: RetentionPlan): string {
  if (verdicts.length === 0) return "nothing is saved\n";
  const width = longest(verdicts.map(({ ref }) => formatRef(ref)));
  const lines = verdicts.map(({ ref, keep, reasons }) => {
    const why = keep ? reasons.join("; ") : "no rule keeps it";
    return `  ${formatRef(ref).padEnd(width)}  ${keep ? "stays" : "goes "}  ${why}\n`;
  });
  return lines.join("") + unmet.map((message) => `  note: ${message}\n`).join("");
}

/** Pins or unpins an epoch. */
export async function changePin({ archive, job, args, output }: Keeping): Promise<number> {
  const { command, operand = "" } = args;
  const store = await archive.open(job, []);
  if (command === "pin") {
    const { epoch, attempt } = await archive.reading(toEpochRef(operand), async (manifest) => {
      await store.pin(manifest);
      return manifest;
    });
    output.out(`${epoch}@a${attempt} is pinned: it stays until it is unpinned\n`);
    return 0;
  }
  const { epoch, attempt } = operand === "latest"
    ? await archive.readEpoch("latest")
    : parseEpoch(operand);
  const found = (await store.pins()).filter((pin) =>
    pin.epoch === epoch && (attempt === undefined || pin.attempt === attempt)
  );
  const names = found.map((pin) => `${pin.epoch}@a${pin.attempt}`);
  if (found.length > 1) {
    output.err(`error: several pins are on epoch ${epoch}: name one of ${names.join(", ")}\n`);
    return 2;
  }
  const [pin] = found;
  if (pin === undefined) {
    await archive.readEpoch(toEpochRef(operand)); // an epoch that is not there is an error
    output.out(`${operand} is not pinned\n`);
    return 0;
  }
  await store.unpin(pin);
  output.out(`${names[0]} is pinned no more: it goes when the plan does not keep it\n`);
  return 0;
}
