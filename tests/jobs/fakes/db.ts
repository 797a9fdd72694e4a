/** What a shop took in on a day. */
export interface Day {
  day: string;
  rows: number;
  revenue: number;
}

/** A connection. */
export interface Db {
  day(day: string, signal: AbortSignal): Promise<Day>;
  upsert(rows: Day[], key: string): Promise<void>;
  close(): Promise<void>;
}

/** Connects to a database that speaks HTTP. */
export function connect(url: string): Promise<Db> {
  const call = async (request: Request): Promise<string> => {
    const response = await fetch(request);
    const text = await response.text();
    if (!response.ok) throw new Error(`${request.method} ${request.url}: ${response.status}`);
    return text;
  };
  return Promise.resolve({
    day: async (day, signal) =>
      JSON.parse(await call(new Request(`${url}/day/${day}`, { signal }))),
    upsert: async (rows, key) => {
      const headers = { "Idempotency-Key": key };
      const body = JSON.stringify(rows);
      await call(new Request(`${url}/upsert`, { method: "POST", headers, body }));
    },
    close: async () => void await call(new Request(`${url}/close`, { method: "POST" })),
  });
}
