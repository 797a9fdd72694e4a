// A start on a full disk.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { StoreError, StoreFullError } from "../../../storage/mod.ts";
import { errorOf, withoutWaiting } from "../helpers.ts";
import { failing, FaultyStore } from "./faulty_store.ts";
import { everywhere, notices, valuesOf } from "./world.ts";

const full = (): StoreFullError => new StoreFullError("write", "attempts", "the disk is full");
const PAUSES = { onSaveError: "pause" } as const;

everywhere(
  "a start on a full disk waits for room under pause, and loses nothing",
  async (world) => {
    for (const prefix of ["attempts/000001.cbor", "attempts/000001.parent"]) {
      await using own = await world.beside();
      const store = new FaultyStore(own.store());
      store.fault = failing(3, "put", prefix, full);
      const { session, seen } = own.session();
      const runner = new JobRunner(own.job({ plan: PAUSES }), {
        checkpoints: own.manager({ store }),
      });
      const waits = await withoutWaiting(async () => void await runner.run(session));
      assertEquals(waits.filter((ms) => ms >= 500), [500, 1_000, 2_000]);
      assertEquals(notices(seen).filter((text) => /cannot start yet|there is room/.test(text)), [
        'the job cannot start yet: Cannot write "attempts": the disk is full. It waits until there is room ' +
        '(onSaveError: "pause")',
        "there is room again: the job starts",
      ]);
      const values = valuesOf(session);
      assertEquals(
        (await own.run(own.job({ plan: PAUSES }), { resumeFromEpoch: 2 })).values,
        values,
      );
    }
  },
);

everywhere(
  "it can be stopped while it waits; what else fails, or under another plan, is thrown",
  async (world) => {
    const runFaulty = async (plan: object, error: () => Error) => {
      await using own = await world.beside();
      const store = new FaultyStore(own.store());
      store.fault = failing(Infinity, "put", "attempts/", error);
      const { session } = own.session();
      const stop = new AbortController();
      session.events.observe((event) => {
        if (event.type === "notice") stop.abort(new Error("SIGINT"));
      });
      const runner = new JobRunner(own.job({ plan }), { checkpoints: own.manager({ store }) });
      return await errorOf(runner.run(session, { signal: stop.signal }));
    };
    assertInstanceOf(await runFaulty(PAUSES, full), StoppedError);
    assertInstanceOf(await runFaulty({}, full), StoreFullError);
    const broken = (): StoreError => new StoreError("write", "attempts", "the disk is tired");
    assertInstanceOf(await runFaulty(PAUSES, broken), StoreError);
  },
);
