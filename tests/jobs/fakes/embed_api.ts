/** A service that turns texts into vectors, and fails now and then. */

const SIZE = 16;
let calls = 0;

/** The lines of a file. */
export async function readLines(path: string): Promise<string[]> {
  return (await Deno.readTextFile(path)).trimEnd().split("\n");
}

/** The vectors of these texts, one after another. Every 17th call fails. */
export async function embed(
  texts: readonly string[],
  { model, signal, idempotencyKey }: { model: string; signal: AbortSignal; idempotencyKey: string },
): Promise<Float32Array> {
  signal.throwIfAborted();
  if (idempotencyKey === "") throw new Error("a paid call needs a key");
  if (++calls % 17 === 0) throw new Error("503: try again");
  await Promise.resolve();
  const vectors = new Float32Array(texts.length * SIZE);
  texts.forEach((text, row) => {
    let hash = model.length;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    for (let i = 0; i < SIZE; i++) vectors[row * SIZE + i] = Math.sin(hash + i);
  });
  return vectors;
}
