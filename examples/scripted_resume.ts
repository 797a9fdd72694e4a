// A script that runs a job to an epoch, looks at its blobs, goes back, and tries another parameter.
//
//   deno run --allow-read=checkpoints --allow-write=checkpoints examples/scripted_resume.ts
//
// (from the repository's root; it keeps its checkpoints in ./checkpoints/orbit)
import {
  blob,
  epochs,
  job,
  JobRunner,
  keepLast,
  LocalSession,
  MultiNodeCheckpointManager,
  param,
  set,
  task,
} from "tidemark";

/** A planet on its way round a star: position, velocity, and the energy that should stay the same. */
interface Orbit {
  readonly position: Float64Array;
  readonly velocity: Float64Array;
}

const steps = param("steps", 200, { integer: true, min: 1 }); // per epoch
const dt = param("dt", 0.05, { min: 0 });
const orbit = blob<Orbit>("orbit");
const energy = blob<number>("energy");

const launch = task("launch", { writes: { orbit } }).run((_, { rng }) => ({
  orbit: {
    position: new Float64Array([1, 0]),
    velocity: new Float64Array([0, 1.2 + 0.01 * rng("speed").normal()]),
  },
}));

const fly = task("fly", { reads: { steps, dt }, updates: { orbit }, writes: { energy } })
  .run(({ steps, dt, orbit }) => {
    const { position: p, velocity: v } = orbit;
    for (let step = 0; step < steps; step++) {
      const r3 = Math.hypot(p[0] ?? 0, p[1] ?? 0) ** 3;
      for (const axis of [0, 1]) {
        v[axis] = (v[axis] ?? 0) - dt * (p[axis] ?? 0) / r3;
        p[axis] = (p[axis] ?? 0) + dt * (v[axis] ?? 0);
      }
    }
    const kinetic = ((v[0] ?? 0) ** 2 + (v[1] ?? 0) ** 2) / 2;
    return { energy: kinetic - 1 / Math.hypot(p[0] ?? 0, p[1] ?? 0) };
  });

const flight = job("orbit", {
  init: [launch],
  epoch: [fly],
  until: epochs(8),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(20)] },
});

if (import.meta.main) {
  const checkpoints = new MultiNodeCheckpointManager("checkpoints/orbit", "file");
  await using session = new LocalSession();

  // 1. Run it to epoch 3 and stop there.
  const first = new JobRunner(flight, { checkpoints, stopAfterEpoch: 3 });
  const stoppedAt = await first.run(session);
  console.log(`stopped after epoch ${stoppedAt}: energy ${await session.fetch(energy)}`);

  // 2. Look at an older epoch; nothing runs.
  await session.run(checkpoints.load(1));
  console.log(`epoch 1 had energy ${await session.fetch(energy)}`);

  // 3. Go on from the newest epoch to the end.
  const coarse = new JobRunner(flight, { checkpoints, resumeFromEpoch: "latest" });
  console.log(`finished at epoch ${await coarse.run(session)}`);
  const coarseEnergy = await session.fetch(energy);

  // 4. Go back to epoch 3, and fly the rest with a time step a tenth as long.
  const fine = new JobRunner(flight, {
    checkpoints,
    resumeFromEpoch: 3,
    set: [set(dt, 0.005), set(steps, 2000)],
  });
  await fine.run(session);
  const fineEnergy = await session.fetch(energy);

  // 5. Compare. The old line is still there: "8@a…" would load it.
  console.log(`energy at epoch 8: ${coarseEnergy} (dt 0.05), ${fineEnergy} (dt 0.005)`);
}
export default flight;
