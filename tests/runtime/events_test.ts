import { assertEquals, assertInstanceOf } from "@std/assert";
import { ObserverError } from "../../runtime/errors.ts";
import { errorRecord, Events, type RunEvent } from "../../runtime/events.ts";
import { errorOf } from "./helpers.ts";

Deno.test("events: all observers are told, with the time, until they leave", () => {
  const events = new Events();
  const one: RunEvent[] = [];
  const two: RunEvent[] = [];
  assertEquals(events.isHeard, false);
  const leave = events.observe((event) => void one.push(event));
  events.observe((event) => void two.push(event));
  const before = Date.now();
  events.emit({ type: "notice", level: "info", message: "a" });
  leave();
  events.emit({ type: "notice", level: "info", message: "b" });
  assertEquals([one.length, two.length, events.isHeard], [1, 2, true]);
  assertEquals((one[0]?.time ?? 0) >= before, true);
});

Deno.test("events: what an observer throws ends what runs, and neither who emits nor other observers", async () => {
  const events = new Events();
  const told: string[] = [];
  const full = new Error("full");
  const leave = events.observe(() => {
    throw full;
  });
  events.observe(({ type }) => void told.push(type));
  const ended: string[] = [];
  const error = await errorOf(events.during(async () => {
    await events.during(() => {
      events.emit({ type: "stop-requested", reason: "x" });
      events.emit({ type: "notice", level: "info", message: "x" });
      return Promise.resolve();
    });
    assertEquals(events.failure?.cause, full);
    ended.push("inner");
  }));
  assertInstanceOf(error, ObserverError);
  assertEquals([error.event, error.cause], ["stop-requested", full]);
  assertEquals([told, ended], [["stop-requested", "notice"], ["inner"]]);
  leave();
  assertEquals(await events.during(() => Promise.resolve(1)), 1);
});

Deno.test("events: an error as data keeps its causes, five deep, also of a cycle", () => {
  const inner = new TypeError("inner");
  assertEquals(errorRecord(new Error("outer", { cause: inner })), {
    name: "Error",
    message: "outer",
    cause: { name: "TypeError", message: "inner" },
  });
  assertEquals(errorRecord("text"), { name: "value", message: "text" });
  inner.cause = inner;
  let depth = 0;
  for (let at: { cause?: unknown } | undefined = errorRecord(inner); at; depth++) {
    at = at.cause as typeof at;
  }
  assertEquals(depth, 5);
});
