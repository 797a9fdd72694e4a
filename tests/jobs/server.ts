/**
 * The servers that the jobs talk to, in a process of their own: `server.ts <site|db|recorder>`.
 *
 * It prints its address, then each idempotency key that it is given (the recorder what was asked too),
 * and ends with its standard input.
 */

const PAGES = 60;

/** A site of pages that link to one another; every fifth is busy at first, and one always is. */
function site(path: string, isNew: boolean): Response {
  if (path === "/hook") return new Response();
  const page = path === "/" ? 0 : Number(path.slice("/page/".length));
  if (page === 13 || page % 5 === 4 && isNew) return new Response("busy", { status: 503 });
  if (!(page < PAGES)) return new Response("<title>nothing here</title>", { status: 404 });
  const links = [3 * page + 1, 3 * page + 2, 3 * page + 3, page >> 1]
    .map((to) => `<a href="/page/${to}">${to}</a>`);
  const html = `<title>Page ${page}</title>${links}<a href="https://elsewhere.example/">away</a>`;
  return new Response(html, { headers: { "content-type": "text/html" } });
}

/** A shop's database; each tenth day fails when it is first asked for. */
function db(path: string, isNew: boolean): Response {
  const day = /^\/day\/(.*)$/.exec(path)?.[1];
  if (day === undefined) return new Response();
  if (day.endsWith("0") && isNew) return new Response("deadlock", { status: 500 });
  const at = Date.parse(day) / 864e5;
  return Response.json({ day, rows: at % 97, revenue: (at * 7919 % 10007) / 100 });
}

/** What the recorder answers to a call. */
export function answerOf(call: string): string {
  return `done: ${call}`;
}

/** Answers by what is asked behind the first part of the path, which says who asks. */
function recorder(path: string): Response {
  return new Response(answerOf(path.split("/").slice(2).join("/")));
}

if (import.meta.main) {
  const [kind = ""] = Deno.args;
  const answer = { db, site, recorder }[kind] ?? site;
  const asked = new Set<string>();
  const say = (text: string): void => {
    Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  };
  const server = Deno.serve({
    ...{ port: 0, hostname: "127.0.0.1" },
    onListen: ({ hostname, port }) => say(`${hostname}:${port}`),
  }, (request) => {
    const key = request.headers.get("Idempotency-Key");
    const { pathname: path, search } = new URL(request.url);
    if (kind === "recorder") say(`${path}${search} ${key}`);
    else if (key !== null) say(key);
    const isNew = !asked.has(path);
    asked.add(path);
    return answer(path, isNew);
  });
  for await (const _ of Deno.stdin.readable); // until whoever started it ends, or closes this
  await server.shutdown();
}
