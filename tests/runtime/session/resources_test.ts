import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  blob,
  epochs,
  group,
  job,
  on,
  param,
  replicate,
  resource,
  task,
  when,
} from "../../../dsl/mod.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { ResourcePool } from "../../../runtime/session/resources.ts";
import { errorOf, recorded, turns } from "../helpers.ts";

const n = blob("n", { initial: () => 0 });

function pool(onStamp?: (key: string, stamp: unknown) => void): ResourcePool {
  return new ResourcePool((param) => param.default, new AbortController().signal, onStamp);
}

Deno.test("resources: opened once for each node, however many ask at once", async () => {
  const opened: string[] = [];
  const data = resource("data", {
    open: async (_, { node }) => {
      opened.push(node);
      await turns(2);
      return [node];
    },
  });
  await using session = new LocalSession();
  const got: unknown[] = [];
  const use = (name: string) =>
    task(name, { reads: { data } }).run(({ data }) => void got.push(data));
  await session.run(group(replicate(["a", "b"], use("u1"), use("u2"))));
  assertEquals(opened.sort(), ["a", "b"]);
  assertEquals(got.length, 4);
  assertEquals(new Set(got).size, 2);
});

Deno.test("resources: opened lazily, once per attempt, and closed when the run ends", async () => {
  const told: string[] = [];
  const unused = resource("unused", { open: () => void told.push("unused") });
  const data = resource("data", {
    open: () => {
      told.push("open");
      return 1;
    },
    close: () => void told.push("close"),
  });
  const add = task("add", { reads: { data, n }, writes: { n } }).run(({ data, n }) => ({
    n: n + data,
  }));
  const never = task("never", { reads: { unused } }).run(() => {});
  const sum = job("lazy", {
    init: [task("begin").run(() => void told.push("init"))],
    epoch: [add],
    exit: [group({ if: when(n, () => false) }, never)],
    until: epochs(3),
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
  await using session = new LocalSession();
  const runner = new JobRunner(sum, { stopAfterEpoch: 2 });
  await runner.run(session);
  assertEquals(told, ["init", "open", "close"]);
  told.length = 0;
  const resumed = new JobRunner(sum, { resumeFromEpoch: "latest" });
  await resumed.run(session);
  assertEquals(told, ["open", "close"]);
  assertEquals(await session.fetch(n), 3);
});

Deno.test("resources: closed in the reverse order, those they read after them", async () => {
  const told: string[] = [];
  const make = (name: string, wait: number, reads: Parameters<typeof resource>[1]["reads"] = {}) =>
    resource(name, {
      reads,
      open: async () => {
        await turns(wait);
        told.push(`open ${name}`);
        return name;
      },
      close: () => void told.push(`close ${name}`),
    });
  const first = make("first", 1);
  const second = make("second", 1);
  const outer = make("outer", 0, { first, second });
  const all = pool();
  await all.get(outer, "n");
  await all.close();
  assertEquals(told, [
    "open first",
    "open second",
    "open outer",
    "close outer",
    "close second",
    "close first",
  ]);
  await all.close();
  assertEquals(told.length, 6);
});

Deno.test("resources: closed once it is stamped, where the pool was closed meanwhile", async () => {
  const stamping = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<number>();
  let closed = 0;
  const data = resource("data", {
    open: () => 1,
    stamp: () => {
      stamping.resolve();
      return gate.promise;
    },
    close: () => void closed++,
  });
  const stamps: unknown[] = [];
  const all = pool((_, stamp) => stamps.push(stamp));
  const got = errorOf(all.get(data, "n"));
  await stamping.promise;
  await all.close();
  gate.resolve(1);
  assertStringIncludes((await got).message, "after the run had ended");
  assertEquals([closed, stamps], [1, []]);
});

Deno.test("resources: a task's timeout begins when they are open", async () => {
  const data = resource("data", {
    open: () => new Promise<number>((resolve) => setTimeout(() => resolve(7), 40)),
  });
  const got: number[] = [];
  const use = task("use", { reads: { data }, timeout: "5ms" })
    .run(({ data }) => void got.push(data));
  await using session = new LocalSession({ grace: "5ms" });
  await session.run(use);
  assertEquals(got, [7]);
});

Deno.test("resources: a stop does not wait for one that opens, and the session goes on", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const data = resource("data", {
    open: () => {
      stop.abort(reason);
      return new Promise<never>(() => {});
    },
  });
  const use = task("use", { reads: { data }, retry: { attempts: 2 } }).run(() => {});
  await using session = new LocalSession({ grace: "1ms" });
  assertEquals(await errorOf(session.run(use, { signal: stop.signal })), reason);
  await session.run(task("next").run(() => {}));
});

Deno.test("resources: open is given params and other resources", async () => {
  const size = param("size", 3);
  const base = resource("base", { reads: { size }, open: ({ size }) => size * 2 });
  const data = resource("data", { reads: { base, size }, open: ({ base, size }) => [base, size] });
  assertEquals(await pool().get(data, "n"), [6, 3]);
});

Deno.test("resources: closed after a failure too, and the failure is what the run says", async () => {
  let closed = 0;
  const data = resource("data", { open: () => 1, close: () => void closed++ });
  const cause = new Error("broken");
  const fails = task("fails", { reads: { data } }).run(() => {
    throw cause;
  });
  const broken = job("broken", {
    epoch: [fails],
    until: epochs(1),
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
  await using session = new LocalSession();
  const error = await errorOf(new JobRunner(broken).run(session));
  assertEquals([error.cause, closed], [cause, 1]);
});

Deno.test("resources: one that fails to open is opened again by the task's next try", async () => {
  let opened = 0;
  let closed = 0;
  const data = resource("data", {
    open: () => {
      if (++opened === 1) throw new Error("not yet");
      return opened;
    },
    close: () => void closed++,
  });
  const got: unknown[] = [];
  const t = task("t", { reads: { data }, retry: { attempts: 2 } })
    .run(({ data }) => void got.push(data));
  {
    await using session = new LocalSession();
    await session.run(t);
  }
  assertEquals([opened, got, closed], [2, [2], 1]);
});

Deno.test("resources: one whose stamp fails is closed", async () => {
  let closed = 0;
  const data = resource<number, Record<never, never>, number>("data", {
    open: () => 1,
    close: () => void closed++,
    stamp: () => {
      throw new Error("no stamp");
    },
  });
  const all = pool();
  assertEquals((await errorOf(all.get(data, "n"))).message, "no stamp");
  await all.close();
  assertEquals(closed, 1);
});

Deno.test("resources: one that opens after the end is closed, and not waited for", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  let closed = 0;
  const slow = resource("slow", { open: () => promise, close: () => void closed++ });
  const all = pool();
  const opening = all.get(slow, "n");
  await all.close();
  assertEquals(closed, 0);
  resolve(1);
  assertStringIncludes((await errorOf(opening)).message, "after the run had ended");
  assertEquals(closed, 1);
});

Deno.test("resources: all are closed where one cannot be; the error names it", async () => {
  let closed = 0;
  const bad = resource("bad", {
    open: () => 1,
    close: () => {
      throw new Error("stuck");
    },
  });
  const good = resource("good", { open: () => 1, close: () => void closed++ });
  const all = pool();
  await all.get(good, "n");
  await all.get(bad, "n");
  const error = await errorOf(all.close());
  assertStringIncludes(error.message, '"bad"');
  assertEquals([(error.cause as Error).message, closed], ["stuck", 1]);
});

Deno.test("resources: what fails to close fails the run, but never hides what failed before", async () => {
  const data = resource("data", {
    open: () => 1,
    close: () => {
      throw new Error("jammed");
    },
  });
  let fails = false;
  const use = task("use", { reads: { data } }).run(() => {
    if (fails) throw new Error("broken");
  });
  const make = () =>
    job("jammed", {
      epoch: [use],
      until: epochs(1),
      checkpoint: { to: `memory:${crypto.randomUUID()}` },
    });
  const { session, seen } = recorded();
  await using _ = session;
  const clean = await errorOf(new JobRunner(make()).run(session));
  assertStringIncludes(clean.message, '"data"');
  fails = true;
  const broken = await errorOf(new JobRunner(make()).run(session));
  assertEquals((broken.cause as Error).message, "broken");
  assertEquals(seen.of("notice").filter((e) => e.message.includes('"data"')).length, 1);
});

Deno.test("resources: stamps are told, saved, and compared on a resume", async () => {
  const told: [string, unknown][] = [];
  let size = 10;
  const data = resource("data", { open: () => size, stamp: (value) => ({ size: value }) });
  const all = pool((key, stamp) => void told.push([key, stamp]));
  await all.get(data, "n");
  assertEquals(told, [["n/data", { size: 10 }]]);
  const add = task("add", { reads: { data, n }, writes: { n } }).run(({ data, n }) => ({
    n: n + data,
  }));
  const sum = job("stamped", {
    epoch: [on("w", add)],
    until: epochs(4),
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
  const { session, seen } = recorded();
  await using _ = session;
  await new JobRunner(sum, { stopAfterEpoch: 1 }).run(session);
  await new JobRunner(sum, { resumeFromEpoch: "latest", stopAfterEpoch: 2 }).run(session);
  assertEquals(seen.of("notice").filter((e) => e.message.includes("data")), []);
  size = 11;
  await new JobRunner(sum, { resumeFromEpoch: "latest" }).run(session);
  const [notice] = seen.of("notice").filter((e) => e.message.includes("w/data"));
  assertEquals(notice?.level, "warning");
  for (const part of ["size", "10", "11"]) assertStringIncludes(notice?.message ?? "", part);
});
