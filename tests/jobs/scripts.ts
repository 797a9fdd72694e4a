/** What users write in scripts and tests of their own. */
import { blob, param, type RunResult, runTask, type Session, set, task } from "tidemark";
const w = blob<Float32Array>("w"), a = blob<number>("a"), rate = param("rate", 0.1);
const train = task("train", { reads: { rate }, updates: { w }, writes: { a } }).run(
  ({ rate, w }) => {
    w[0] = rate;
    return { a: w.length };
  },
);
export async function test(): Promise<number> {
  const { a, w: w2 } = await runTask(train, { rate: 0.5, w: new Float32Array(3) }, { seed: 1 });
  w2.fill(0);
  return a;
}
export const settings = [set(rate, 0.05)];
export async function look(s: Session, r: RunResult): Promise<void> {
  const x: Float32Array = await s.fetch(w);
  await s.feed(a, 3);
  void x, r.outcome;
}
