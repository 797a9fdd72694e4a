import { assertEquals } from "@std/assert";
import { param, type ParamRef, set } from "../../../dsl/mod.ts";
import { givenParams, resolveSettings } from "../../../runtime/run/settings.ts";

const rate = param("rate", 0.1);
const model = param("model", "small", { choices: ["small", "large"] });
const declared = new Map<string, ParamRef<unknown>>([[rate.name, rate], [model.name, model]]);

Deno.test("settings: without anything saved, what is given holds and the seed is 0", () => {
  const none = { params: {}, seed: undefined };
  assertEquals(resolveSettings(none, undefined, declared), { params: {}, seed: 0, notices: [] });
  const given = { params: { rate: 1 }, seed: 5 };
  assertEquals(resolveSettings(given, undefined, declared), { ...given, notices: [] });
});

Deno.test("settings: given, then saved, then the default; each difference in words", () => {
  const saved = { params: { rate: 0.2, model: "small", gone: true }, seed: 3 };
  const { params, seed, notices } = resolveSettings(
    { params: { model: "large" }, seed: 4 },
    saved,
    declared,
  );
  assertEquals([params, seed], [{ rate: 0.2, model: "large" }, 4]);
  assertEquals(notices, [
    "param rate is 0.2, as saved; the default is 0.1",
    "param gone was saved as true; the job no longer has it",
    'param model "small" → "large", as given now',
    "seed 3 → 4, as given now",
  ]);
});

Deno.test("settings: what a fork was asked is behind what is given now, and each is said", () => {
  const saved = { params: { rate: 0.2, model: "small" }, seed: 3 };
  const asked = { params: { rate: 9, gone: 1 }, seed: 5 };
  const now = { params: { model: "large" }, seed: undefined };
  const { params, seed, notices } = resolveSettings(now, saved, declared, asked);
  assertEquals([params, seed], [{ rate: 9, model: "large" }, 5]);
  assertEquals(notices, [
    "param rate 0.2 → 9, as was asked of the fork",
    'param model "small" → "large", as given now',
    "seed 3 → 5, as was asked of the fork",
  ]);
});

Deno.test("settings: where nothing differs nothing is said; a new param is", () => {
  const same = { params: { rate: 0.1, model: "small" }, seed: 3 };
  assertEquals(resolveSettings({ params: {}, seed: undefined }, same, declared).notices, []);
  const before = { params: { rate: 0.1 }, seed: 3 };
  assertEquals(resolveSettings({ params: {}, seed: undefined }, before, declared).notices, [
    'param model is new: its default is "small"',
  ]);
});

Deno.test("settings: a script's settings by name, the last one winning", () => {
  assertEquals(givenParams([set(rate, 1), set(model, "large"), set(rate, 2)]), {
    rate: 2,
    model: "large",
  });
});
