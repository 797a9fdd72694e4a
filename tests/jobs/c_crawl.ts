// Crawls a web site, a layer of links each epoch, and says after each how far it is.
import { blob, job, keepLast, main, param, task, when } from "tidemark";
import { type Page, parse } from "./fakes/page.ts";

class Busy extends Error {}

const start = param("start", "https://example.org/");
const hook = param("hook", "https://hooks.example/crawl");
const width = param("width", 200);
const frontier = blob<string[]>("frontier");
const seen = blob<Set<string>>("seen");
const pages = blob("pages", { initial: () => new Map<string, Page>() });

const seed = task("seed", { reads: { start }, writes: { frontier, seen } })
  .run(({ start }) => ({ frontier: [start], seen: new Set([start]) }));

const crawl = task("crawl", { reads: { width }, updates: { frontier, seen, pages } })
  .run(async ({ width, frontier, seen, pages }, { map, log }) => {
    const fetched = map("fetch", frontier.splice(0, width), async (url, { signal }) => {
      const response = await fetch(url, { signal });
      if (response.status === 503) {
        await response.body?.cancel();
        throw new Busy(url);
      }
      return parse(url, response);
    }, {
      key: (url) => url,
      concurrency: 16,
      timeout: "30s",
      retry: { attempts: 3, delay: "5ms", if: (e) => e instanceof Busy },
    });
    for await (const result of fetched.settled()) {
      if (result.status === "rejected") {
        log("gave up", { reason: String(result.reason) });
        continue;
      }
      const page = result.value;
      pages.set(page.url, page);
      for (const link of page.links) {
        if (!seen.has(link)) {
          seen.add(link);
          frontier.push(link);
        }
      }
    }
  });

const announce = task("announce", { reads: { hook, pages } })
  .run(({ hook, pages }, { step, epoch }) =>
    step("post", async ({ idempotencyKey, signal }) => {
      const headers = { "Idempotency-Key": idempotencyKey };
      const body = JSON.stringify({ epoch, pages: pages.size });
      const response = await fetch(hook, { method: "POST", signal, headers, body });
      await response.body?.cancel();
    })
  );

const site = job("crawl", {
  init: [seed],
  epoch: [crawl, announce],
  until: when(frontier, (urls) => urls.length === 0),
  checkpoint: { to: "file:checkpoints", grain: "task", keep: [keepLast(2)] },
});
export default site;
await main(import.meta, site);
