/** A store that is looked at while others start. */
import type { Store } from "../../../storage/mod.ts";

/** A store in which the first looks see of all attempts only that one: as of a moment before others were begun. */
export function seenEarlier(store: Store, attempt: string, most: number = 1): Store {
  const list = store.list.bind(store);
  let looks = 0;
  store.list = async (prefix, options) => {
    const names = await list(prefix, options);
    if (prefix !== "attempts/" || looks++ >= most) return names;
    return names.filter((name) => name.includes(attempt));
  };
  return store;
}
