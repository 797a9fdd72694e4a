/** A page of a site, as far as a crawler cares. */
export interface Page {
  url: string;
  status: number;
  title: string;
  links: string[];
}

/** Reads a page's title and its links to the same site. */
export async function parse(url: string, response: Response): Promise<Page> {
  const html = await response.text();
  const title = /<title>(.*?)<\/title>/.exec(html)?.[1] ?? "";
  const links = [...html.matchAll(/href="(.*?)"/g)]
    .map(([, href = ""]) => new URL(href, url))
    .filter(({ origin }) => origin === new URL(url).origin)
    .map(String);
  return { url, status: response.status, title, links };
}
