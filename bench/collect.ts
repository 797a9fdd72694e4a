/** The garbage collector, where the engine was told to show it. */

declare global {
  /** Collects garbage; there with `--expose-gc`. */
  var gc: (() => void) | undefined;
}

/** A function that collects garbage, as far as it can be asked for. */
export function collectorOf(): () => void {
  return () => globalThis.gc?.();
}

/** Other threads give the memory that was collected back to the system, and are in the way meanwhile. */
const SETTLE_MS = 200;

/** Collects garbage, and waits until the system has it back. */
export async function settle(): Promise<void> {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
