import { assert, assertEquals } from "@std/assert";
import { param, paramProblem, paramValue, set } from "../../dsl/mod.ts";

Deno.test("values are held to a param's type and rules", () => {
  const rate = param("rate", 0.1, { min: 0, max: 1 });
  const count = param("count", 3, { integer: true });
  const model = param("model", "small", { choices: ["small", "large"] });
  assertEquals([0, 0.5, 1].map((value) => paramProblem(rate, value)), Array(3).fill(undefined));
  assertEquals(paramProblem(rate, -0.1), "must be at least 0, found -0.1");
  assertEquals(paramProblem(rate, 1.1), "must be at most 1, found 1.1");
  assertEquals(paramProblem(rate, Infinity), "must be a finite number, found Infinity");
  assertEquals(paramProblem(rate, "0.1"), 'must be a number, found "0.1"');
  assertEquals(paramProblem(count, 2.5), "must be a whole number, found 2.5");
  assertEquals(paramProblem(model, "large"), undefined);
  assertEquals(paramProblem(model, "larg"), 'must be one of small, large, found "larg"');
  assertEquals(paramProblem(param("fast", false), 1), "must be a boolean, found 1");
  assertEquals(paramProblem(param("text", ""), "anything"), undefined);
});

Deno.test("a value is found by the param's name, whatever that is", () => {
  const odd = param("toString", 1);
  assertEquals(paramValue(odd, {}), 1);
  assertEquals(paramValue(odd, { toString: 2 }), 2);
  assertEquals(paramValue(param("other", false), { other: true }), true);
});

Deno.test("params and settings are frozen, their choices too", () => {
  const choices = ["a", "b"];
  const letter = param("letter", "a", { choices });
  choices.push("c");
  assertEquals(letter.choices, ["a", "b"]);
  assert(Object.isFrozen(letter) && Object.isFrozen(letter.choices));
  assertEquals(set(letter, "b"), { param: letter, value: "b" });
});
