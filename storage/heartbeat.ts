/**
 * Touches files, so that others see that whoever holds them lives.
 *
 * @module
 */

/** A file that is touched. */
export interface Heartbeat {
  /** Its path. */
  readonly path: string;
  /** How often, in milliseconds. */
  readonly everyMs: number;
}

/**
 * Touches a file every so often, until what it gives is called.
 *
 * It runs from its text too, so that it uses nothing from around it.
 */
export function beatHeart({ path, everyMs }: Heartbeat): () => void {
  const timer = setInterval(() => {
    const now = new Date();
    try {
      Deno.utimeSync(path, now, now);
    } catch {
      // A disk that fails for the moment may be back at the next beat.
    }
  }, everyMs);
  return () => clearInterval(timer);
}
