/**
 * Counts what really ran, from the JUnit report of `deno test`, and closes with the plain line `N passed, N failed`.
 *
 * Usage: `deno run --allow-read=REPORT .ci/count.ts REPORT STATUS`, STATUS being the exit code of the tests. Exits with 1
 * where anything failed, was skipped, or nothing ran.
 *
 * @module
 */

/** What a report says. */
export interface Count {
  /** How many tests and steps passed. */
  readonly passed: number;
  /** The names of those that did not, each with the reason. */
  readonly failed: readonly string[];
}

/** Counts the test cases of a report; a skipped one has failed. */
export function countCases(report: string): Count {
  // Text between the tags is what tests printed or threw: a tag can stand there only escaped.
  const cases = report.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g);
  const failed: string[] = [];
  let passed = 0;
  for (const [, attributes = "", body = ""] of cases) {
    const reason = body.match(/<(failure|error|skipped)\b/)?.[1];
    if (reason === undefined) passed++;
    else failed.push(`${nameOf(attributes)}: ${reason}`);
  }
  return { passed, failed };
}

/** What is wrong with a run as a whole, beside the test cases that failed: the report cannot say it. */
export function problemsOf(count: Count, status: number): string[] {
  if (count.passed + count.failed.length === 0) return ["no test ran"];
  if (status !== 0 && count.failed.length === 0) return [`the tests ended with status ${status}`];
  return [];
}

function nameOf(attributes: string): string {
  const name = attributes.match(/\bname="([^"]*)"/)?.[1] ?? "";
  const file = attributes.match(/\bclassname="([^"]*)"/)?.[1] ?? "";
  return `${file} ${name}`.replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}

async function readReport(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    console.log(`Cannot read the report of the tests: ${error}`);
    return "";
  }
}

if (import.meta.main) {
  const [path = "", status = "1", ...failedChecks] = Deno.args;
  const count = countCases(await readReport(path));
  const failed = [...count.failed, ...problemsOf(count, Number(status)), ...failedChecks];
  for (const name of failed) console.log(`FAILED ${name}`);
  console.log(`${count.passed} passed, ${failed.length} failed`);
  Deno.exit(failed.length === 0 ? 0 : 1);
}
