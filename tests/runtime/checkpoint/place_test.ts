import { assertEquals, assertThrows } from "@std/assert";
import { placeOf } from "../../../runtime/checkpoint/place.ts";

Deno.test("place: a job's folder lies in the plan's, which starts at the job's file", () => {
  assertEquals(placeOf("memory:runs", "digits"), { dbType: "memory", db: "runs/digits" });
  assertEquals(placeOf("file:/data/ck", "digits"), { dbType: "file", db: "/data/ck/digits" });
  assertEquals(placeOf("file:ck", "digits"), { dbType: "file", db: "ck/digits" });
  assertEquals(placeOf("file:ck", "digits", "file:///home/me/job.ts"), {
    dbType: "file",
    db: "/home/me/ck/digits",
  });
  assertEquals(placeOf("file:../ck", "digits", "/home/me"), {
    dbType: "file",
    db: "/home/ck/digits",
  });
});

Deno.test("place: one without a kind is refused, with what to write", () => {
  for (const to of ["checkpoints", ":x", "file:", ""]) {
    assertThrows(() => placeOf(to, "digits"), RangeError, "file:checkpoints");
  }
});
