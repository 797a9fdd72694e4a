/**
 * Finds where objects are inside values, which may be of any kind.
 *
 * @module
 */
import { EntryStep, formatPath, type Step } from "./path.ts";

/** Where something is inside a value. */
export interface Place {
  /** What is there. */
  readonly value: unknown;
  /** What holds it. */
  readonly from?: Place;
  /** The way from there. */
  readonly step?: Step | undefined;
}

/** All objects inside a value, itself and the buffers behind its views included. */
export function objectsIn(value: unknown): Set<object> {
  const objects = new Set<object>();
  eachPlace(value, ({ value }) => {
    objects.add(value as object);
    return false;
  });
  return objects;
}

/** A place of an object inside a value, and that is not the given one; `undefined` if there is none. */
export function placeOf(
  object: object,
  value: unknown,
  name: string,
  not?: string,
): string | undefined {
  let found: string | undefined;
  eachPlace(value, (place) => {
    if (place.value !== object) return false;
    const path = name + formatPath(stepsTo(place));
    if (path !== not) found = path;
    return found !== undefined;
  });
  return found;
}

/**
 * Calls a function with each place at which an object is, until it returns `true`. No object is gone
 * into twice, so that shared ones and cycles cost nothing; no accessor is called.
 */
export function eachPlace(value: unknown, isEnough: (place: Place) => boolean): void {
  const places: Place[] = [{ value }];
  const seen = new Set<object>();
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { value } = place;
    if (typeof value !== "object" || value === null) continue;
    if (isEnough(place)) return;
    if (seen.has(value)) continue;
    seen.add(value);
    const from = place;
    const parts: Place[] = [];
    eachPart(value, (part, step) => {
      if (typeof part === "object" && part !== null) parts.push({ value: part, from, step });
    });
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) places.push(part);
  }
}

function eachPart(value: object, visit: (part: unknown, step?: Step) => void): void {
  if (ArrayBuffer.isView(value)) return visit(value.buffer);
  if (value instanceof ArrayBuffer) return;
  let index = 0;
  if (value instanceof Map) {
    Map.prototype.forEach.call(value, (item, key) => {
      visit(key, new EntryStep("key", index));
      visit(item, new EntryStep("value", index++, key));
    });
    return;
  }
  if (value instanceof Set) {
    Set.prototype.forEach.call(value, (item) => visit(item, new EntryStep("item", index++)));
    return;
  }
  const isArray = Array.isArray(value);
  for (const key of Object.keys(value)) {
    const part = Object.getOwnPropertyDescriptor(value, key)?.value;
    if (typeof part === "object") visit(part, isArray ? Number(key) : key);
  }
}

function stepsTo(place: Place): Step[] {
  const steps: Step[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.from) {
    if (at.step !== undefined) steps.push(at.step);
  }
  return steps.reverse();
}
