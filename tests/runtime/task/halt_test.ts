import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { TaskTimeoutError, UnresponsiveTaskError } from "../../../runtime/errors.ts";
import { Halt, unresponsiveIn } from "../../../runtime/task/halt.ts";
import { errorOf } from "../helpers.ts";

const never = (): undefined => undefined;

Deno.test("halt: a child ends with its parent, and not the other way round", () => {
  const parent = new Halt(never, 10);
  const child = parent.child();
  const other = parent.child();
  child.halt("first");
  assertEquals([parent.isHalted, child.reason, other.isHalted], [false, "first", false]);
  parent.halt("all");
  assertEquals([child.reason, other.reason], ["first", "all"]);
  assertEquals(parent.child().reason, "all");
});

Deno.test("halt: a released child hears nothing more", () => {
  const parent = new Halt(never, 10);
  const child = parent.child();
  child.release();
  parent.halt("all");
  assertEquals(child.isHalted, false);
});

Deno.test("halt: the signal is aborted with the reason, whenever it is asked for", () => {
  const before = new Halt(never, 10);
  const { signal } = before;
  before.halt("why");
  assertEquals([signal.aborted, signal.reason], [true, "why"]);
  const after = new Halt(never, 10);
  after.halt("why");
  assertEquals([after.signal.aborted, after.signal.reason], [true, "why"]);
});

Deno.test("halt: check hears of a stop that no event has told, and tells all of it", () => {
  let reason: unknown = undefined;
  const root = new Halt(() => reason, 10);
  const child = root.child().child();
  child.check();
  reason = new Error("SIGTERM");
  assertStrictEquals(assertThrows(() => child.check()), reason as Error);
  assertEquals([root.isHalted, root.reason], [true, reason]);
});

Deno.test("halt: check throws past the deadline", () => {
  const late = new Halt(never, 10, performance.now() - 1, 7);
  const error = assertThrows(() => late.check(), TaskTimeoutError);
  assertEquals(error.timeoutMs, 7);
});

Deno.test("halt: settle gives what settles within the grace period, also after a halt", async () => {
  const halt = new Halt(never, 10_000);
  const { promise, resolve } = Promise.withResolvers<number>();
  const settled = halt.settle(promise, "it");
  halt.halt("why");
  resolve(3);
  assertEquals(await settled, 3);
});

Deno.test("halt: settle gives up after the grace period, with the reason as the cause", async () => {
  const halt = new Halt(never, 1);
  const reason = new Error("why");
  halt.halt(reason);
  const error = await errorOf(halt.settle(new Promise(() => {}), "it"));
  assertInstanceOf(error, UnresponsiveTaskError);
  assertEquals([error.task, error.cause], ["it", reason]);
});

Deno.test("halt: unresponsiveIn finds the error itself or its cause", () => {
  const stuck = new UnresponsiveTaskError("t", 1);
  assertEquals(unresponsiveIn(stuck), stuck);
  assertEquals(unresponsiveIn(new Error("x", { cause: stuck })), stuck);
  assertEquals([unresponsiveIn(new Error("x")), unresponsiveIn("x")], [undefined, undefined]);
});

Deno.test("halt: what a try leaves behind is known from its own end, and from the timeout of what it is part of", async () => {
  const group = new Halt(never, 10);
  const task = group.child(60_000);
  const done = task.child();
  done.release();
  const ended = task.child();
  ended.halt(new Error("not needed"));
  ended.release();
  assertEquals([task, done, ended].map((one) => one.isGivenUp), [false, false, true]);
  // That others are not needed says nothing of what has ended well.
  task.halt(new Error("not needed"));
  assertEquals(done.isGivenUp, false);
  const late = group.child(60_000);
  const piece = late.child();
  piece.release();
  late.halt(new TaskTimeoutError(60_000));
  assertEquals([late.isGivenUp, piece.isGivenUp], [true, true]);
  // A timer may be heard of after what rejects at the same time; what has ended before has no timeout more.
  const [due, ready] = [group.child(1), group.child(1)];
  ready.release();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals([due.isGivenUp, ready.isGivenUp], [true, false]);
});
