import { assertEquals } from "@std/assert";
import { addPermissions } from "../../../runtime/cli/drill_flags.ts";

const part = new Map([["read", "/d"], ["write", "/d"]]);

function added(flags: string, own: ReadonlyMap<string, string | undefined> = part): string {
  return addPermissions(flags.split(" ").filter((flag) => flag !== ""), own).join(" ");
}

Deno.test("drill flags: what is given is added to what the drill needs, each permission once", () => {
  assertEquals(added(""), "--allow-read=/d --allow-write=/d");
  assertEquals(
    added("--config deno.json --allow-write=calls.log --allow-net=a.b"),
    "--config deno.json --allow-net=a.b --allow-read=/d --allow-write=calls.log,/d",
  );
  assertEquals(added("-W=a,b --allow-write=c"), "--allow-read=/d --allow-write=a,b,c,/d");
  assertEquals(added("-qR"), "-q --allow-read --allow-write=/d");
  assertEquals(added("-RW=a --deny-read=b"), "--deny-read=b --allow-read --allow-write=a,/d");
});

Deno.test("drill flags: what is permitted in whole stays so", () => {
  assertEquals(added("--allow-write"), "--allow-read=/d --allow-write");
  for (
    const all of ["-A", "--allow-all --no-lock", "-A --deny-net", "-qA", "-P", "--permission-set=s"]
  ) {
    assertEquals(added(all), all);
  }
  const whole = new Map([["read", undefined], ["write", "/d"], ["net", undefined]]);
  assertEquals(
    added("--allow-read=a --allow-net=a.b -W=b", whole),
    "--allow-read --allow-write=b,/d --allow-net",
  );
});
