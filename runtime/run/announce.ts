/**
 * Says how a run starts.
 *
 * @module
 */
import type { CheckpointEngine } from "../checkpoint/engine.ts";
import type { Events } from "../events.ts";
import type { Start } from "./start.ts";

/** Says which of the three a run is, from where it goes on, and what differs from before. */
export function announce(
  start: Start,
  name: string,
  engine: CheckpointEngine,
  events: Events,
): void {
  const { mode, from, phase, notices, warnings } = start;
  const { program, seed } = start.progress;
  events.emit({
    ...{ type: "run-started", job: name, mode, seed, params: program.params },
    place: engine.archive.place,
    attempt: engine.attempt,
    from: from?.epoch,
    phase: phase ?? "exit",
  });
  for (const message of warnings) events.emit({ type: "notice", level: "warning", message });
  for (const message of notices) events.emit({ type: "notice", level: "info", message });
}
