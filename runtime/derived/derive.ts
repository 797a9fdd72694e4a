/**
 * Makes derived blobs again, where a run goes on.
 *
 * @module
 */
import type { PlacedBlob, Program } from "../program.ts";
import { prepareGroup } from "../session/ready_group.ts";
import type { Scope } from "../session/scope.ts";
import type { CheckpointTask, Session } from "../session/session.ts";
import { type DerivedDigests, digestOfBlob } from "./digests.ts";
import { layOutDerived } from "./steps.ts";

/** What is made again, and where. */
export interface Deriving {
  /** The job compiled. */
  readonly program: Program;
  /** What is known of its derived blobs. */
  readonly digests: DerivedDigests;
  /** Those of them that are made again. */
  readonly wanted: readonly PlacedBlob[];
  /** What the tasks know of the run: what they knew of init. */
  readonly scope: Scope;
}

/**
 * Runs the tasks again that make derived blobs, as init ran them: with the same numbers, params and order.
 *
 * @throws {DerivedChangedError} Where a blob is not what it was, and has to be.
 * @throws {TaskError} Where a task fails.
 */
export async function derive(
  session: Session,
  { program, digests, wanted, scope }: Deriving,
): Promise<void> {
  await session.run(takeOver(program, wanted, digests));
  const layout = layOutDerived(program, wanted);
  const tasks = layout.steps.flatMap(({ id, task }) => task === undefined ? [] : [id]);
  if (tasks.length === 0) return;
  scope.events.emit({ type: "derive-started", tasks });
  await session.run({ kind: "phase", group: prepareGroup(layout), scope });
}

/** Takes note of blobs that were saved as others are, before they were derived, and makes room for them. */
function takeOver(
  program: Program,
  wanted: readonly PlacedBlob[],
  digests: DerivedDigests,
): CheckpointTask<void> {
  return {
    kind: "checkpoint",
    name: "derive",
    nodes: program.nodes,
    perform: async ({ workspace, signal }) => {
      for (const placed of program.derived) {
        const { node, blob } = placed;
        const own = workspace(node);
        if (!own.has(blob.name)) continue;
        await own.arrive(blob.name);
        if (digests.get(placed) === undefined) {
          digests.set(placed, await digestOfBlob(blob, own.get(blob.name), signal));
        }
        if (wanted.includes(placed)) own.drop(blob.name);
      }
    },
  };
}
