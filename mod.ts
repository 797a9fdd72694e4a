/**
 * Tidemark: jobs as graphs of tasks, checkpointed at their epochs, resumed exactly.
 *
 * @example
 * ```ts
 * import { blob, epochs, job, main, task } from "tidemark";
 *
 * const total = blob("total", { initial: () => 0 });
 * const add = task("add", { reads: { total }, writes: { total } })
 *   .run(({ total }, { epoch }) => ({ total: total + epoch }));
 *
 * const sum = job("sum", {
 *   epoch: [add],
 *   until: epochs(10),
 *   checkpoint: { to: "file:checkpoints" },
 * });
 * export default sum;
 * await main(import.meta, sum); // does nothing when imported
 * ```
 *
 * @module
 */
export * from "./dsl/mod.ts";
export * from "./runtime/mod.ts";
export * from "./storage/mod.ts";
