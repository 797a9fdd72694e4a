// Loads a shop's revenue day by day, a week each epoch, and writes it to another table.
import {
  blob,
  cursor,
  drained,
  job,
  keepEvery,
  keepLast,
  main,
  param,
  resource,
  task,
} from "tidemark";
import { connect, type Day } from "./fakes/db.ts";

const url = param("db", "postgres://localhost/shop");
const from = param("from", "2025-01-01");
const count = param("days", 400, { integer: true });
const db = resource("db", {
  reads: { url },
  open: ({ url }) => connect(url),
  close: (db) => db.close(),
});
const days = blob<string[]>("days", { immutable: true });
const week = cursor("week", { over: days, take: 7 });
const totals = blob("totals", { initial: () => new Map<string, Day>() });

const list = task("list", { reads: { from, count }, writes: { days } })
  .run(({ from, count }) => ({
    days: Array.from(
      { length: count },
      (_, i) => new Date(Date.parse(from) + i * 864e5).toISOString().slice(0, 10),
    ),
  }));

const load = task("load", { reads: { db, week }, updates: { totals }, timeout: "30m" })
  .run(async ({ db, week, totals }, { map, step }) => {
    const rows = await map("query", week.items, (day, { signal }) => db.day(day, signal), {
      key: (day) => day,
      concurrency: 8,
      retry: { attempts: 5, delay: "10ms" },
    });
    await step("upsert", ({ idempotencyKey }) => db.upsert(rows, idempotencyKey));
    for (const row of rows) totals.set(row.day, row);
  });

const backfill = job("backfill", {
  init: [list],
  epoch: [load],
  until: drained(week),
  checkpoint: { to: "file:checkpoints", grain: "task", keep: [keepLast(3), keepEvery(10)] },
});
export default backfill;
await main(import.meta, backfill);
