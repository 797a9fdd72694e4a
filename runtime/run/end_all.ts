/**
 * Ends what a failed run leaves open.
 *
 * @module
 */
import type { Events } from "../events.ts";
import { messageOf } from "../thrown_text.ts";

/** Ends each of these; what the run failed with matters more than what one of them fails with, which is only told. */
export async function endAll(
  failure: unknown,
  events: Events,
  ends: readonly (() => Promise<void> | undefined)[],
): Promise<void> {
  for (const end of ends) {
    try {
      await end();
    } catch (error) {
      if (error === failure) continue;
      const message = `${messageOf(error)}, after the run had failed`;
      events.emit({ type: "notice", level: "warning", message });
    }
  }
}
