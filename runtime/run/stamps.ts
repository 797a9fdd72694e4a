/**
 * Whether what is opened at each start is still what it was.
 *
 * @module
 */
import { firstDifference } from "../../storage/mod.ts";
import type { Events } from "../events.ts";

/** Compares a resource's stamp with the one that was saved, and keeps the new one. */
export function noteStamp(
  stamps: Map<string, unknown>,
  key: string,
  stamp: unknown,
  events: Events,
): void {
  const difference = stamps.has(key) ? firstDifference(stamps.get(key), stamp) : undefined;
  stamps.set(key, stamp);
  if (difference === undefined) return;
  const { path, left, right } = difference;
  const message = `resource ${key} is not what it was when the job was saved: its stamp ` +
    `${path === "" ? "" : `at ${path} `}was ${left}, and is ${right}: later epochs ` +
    `may come out otherwise; where that is not meant, stop it, and bring the former one back`;
  events.emit({ type: "notice", level: "warning", message });
}
