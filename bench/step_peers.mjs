/**
 * Durable steps by others: `PEER COUNT PLACE` runs a workflow of so many steps, one after another, and
 * prints the milliseconds of a step. PLACE is a database's URL, or a file.
 */
const [peer, count, place] = process.argv.slice(2);
const steps = Number(count);

/** Runs a few steps to warm up, then those that count. */
async function measure(run) {
  await run(20);
  return await run(steps) / steps;
}

const peers = {
  async dbos() {
    const { DBOS } = await import("@dbos-inc/dbos-sdk");
    DBOS.setConfig({
      name: "steps",
      systemDatabaseUrl: place,
      runAdminServer: false,
      logLevel: "error",
    });
    const flow = DBOS.registerWorkflow(async (count) => {
      const from = performance.now();
      for (let step = 0; step < count; step++) {
        await DBOS.runStep(() => Promise.resolve(step), { name: `step-${step}` });
      }
      return performance.now() - from;
    }, { name: "flow" });
    await DBOS.launch();
    const figure = await measure((count) => flow(count));
    await DBOS.shutdown();
    return figure;
  },
  async openworkflow() {
    const { OpenWorkflow } = await import("openworkflow");
    const { BackendSqlite } = await import("openworkflow/sqlite");
    const backend = BackendSqlite.connect(place);
    const open = new OpenWorkflow({ backend });
    let took = NaN;
    const flow = open.defineWorkflow({ name: "flow" }, async ({ input, step }) => {
      const from = performance.now();
      for (let number = 0; number < input.count; number++) {
        await step.run({ name: `step-${number}` }, () => Promise.resolve(number));
      }
      took = performance.now() - from;
      return took;
    });
    const worker = open.newWorker();
    await worker.start();
    const figure = await measure(async (count) => {
      await (await flow.run({ count })).result();
      return took;
    });
    await worker.stop();
    await backend.stop();
    return figure;
  },
};

console.log(JSON.stringify(await peers[peer]()));
process.exit(0);
