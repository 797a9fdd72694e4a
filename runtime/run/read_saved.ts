/**
 * Gives tasks what they read with `saved(…)`.
 *
 * @module
 */
import type { Program } from "../program.ts";
import type { SavedReader } from "../session/scope.ts";
import { migrationsOfBlob } from "./migrate.ts";
import type { RunRequest } from "./run_request.ts";

/** Reads blobs of saved epochs as the job has them now, once the save under way has ended. */
export function readsSaved(
  { checkpoints: { engine }, session: { events }, migrated: said }: RunRequest,
  program: Program,
  saveEnded: () => Promise<void>,
): SavedReader {
  const { onDamaged = "fallback" } = program.plan;
  const told = new Set<string>();
  const tell = (message: string | undefined): void => {
    if (message === undefined || told.has(message)) return;
    told.add(message);
    events.emit({ type: "notice", level: "warning", message });
  };
  return async (node, blob, by) => {
    await saveEnded();
    const store = await engine.archive.store();
    const { name } = blob;
    return await engine.readBest({
      ...{ node, blob, by, onDamaged, events },
      mapOf: async (manifest) => {
        const map = await migrationsOfBlob(program, manifest, { store, said }, { node, name });
        tell(map.notice);
        return map;
      },
    });
  };
}
