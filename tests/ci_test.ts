import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { countCases, problemsOf } from "../.ci/count.ts";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="2" errors="0" time="0.1">
  <testsuite name="./tests/a_test.ts" tests="4" disabled="0" errors="0" failures="1">
    <testcase name="adds" classname="./tests/a_test.ts" time="0.1" line="1" col="6">
    </testcase>
    <testcase name="adds &gt; a step" classname="./tests/a_test.ts" time="0.1" line="2" col="6"/>
    <testcase name="fails" classname="./tests/a_test.ts" time="0.1" line="3" col="6">
      <failure message="Uncaught Error: &lt;/testcase&gt;">at &lt;failure&gt;</failure>
    </testcase>
    <testcase name="is ignored" classname="./tests/a_test.ts" time="0.0" line="9" col="6">
      <skipped/>
    </testcase>
  </testsuite>
</testsuites>`;

Deno.test("test cases are counted, and a skipped one has failed", () => {
  assertEquals(countCases(report), {
    passed: 2,
    failed: ["./tests/a_test.ts fails: failure", "./tests/a_test.ts is ignored: skipped"],
  });
});

Deno.test("a run without tests, or one that fails without saying why, has failed", () => {
  assertEquals(problemsOf({ passed: 0, failed: [] }, 0), ["no test ran"]);
  assertEquals(problemsOf({ passed: 3, failed: [] }, 1), ["the tests ended with status 1"]);
  assertEquals(problemsOf({ passed: 3, failed: ["a"] }, 1), []);
  assertEquals(problemsOf({ passed: 3, failed: [] }, 0), []);
});

Deno.test("the closing line and the exit code follow what was counted", async () => {
  assertEquals(await close(report, "1"), { code: 1, line: "2 passed, 2 failed" });
  const good = report.replaceAll(/<(failure|skipped)[\s\S]*?(\/>|<\/failure>)/g, "");
  assertEquals(await close(good, "0"), { code: 0, line: "4 passed, 0 failed" });
  assertEquals(await close(good, "0", "lint"), { code: 1, line: "4 passed, 1 failed" });
  assertEquals(await close("", "0"), { code: 1, line: "0 passed, 1 failed" });
});

async function close(text: string, ...rest: string[]): Promise<{ code: number; line: string }> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "report.xml");
    await Deno.writeTextFile(file, text);
    const script = fromFileUrl(new URL("../.ci/count.ts", import.meta.url));
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", `--allow-read=${file}`, script, file, ...rest],
      env: { NO_COLOR: "1" },
    }).output();
    const line = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1) ?? "";
    return { code, line };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
