/** The garbage collector, where the engine was told to show it. */

declare global {
  /** Collects garbage; there with `--expose-gc`. */
  var gc: (() => void) | undefined;
}

/** A function that collects garbage, as far as it can be asked for. */
export function collectorOf(): () => void {
  return () => globalThis.gc?.();
}
