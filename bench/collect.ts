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

/**
 * Collects garbage, and sees to it that so many free bytes are memory which the machine really has: a virtual
 * one gives what is freed back to its host, and whoever comes next would wait for that.
 */
export function warmFree(bytes: number): void {
  globalThis.gc?.();
  const memory = new ArrayBuffer(bytes);
  new Uint8Array(memory).fill(1);
  memory.transfer(0);
}
