import { assertEquals } from "@std/assert";
import { declaredTypes } from "../../../runtime/change/declared_types.ts";
import { takeApart } from "../../../runtime/change/statements.ts";
import { tokenize } from "../../../runtime/change/tokens.ts";

function typeIn(text: string): string | undefined {
  return declaredTypes(tokenize(text)).get("x");
}

Deno.test("declared types: the type argument of a blob, as a person writes it", () => {
  const types: Readonly<Record<string, string>> = {
    "Float64Array": "Float64Array",
    "Map<string, number[]>": "Map<string, number[]>",
    "{ a: number; readonly b?: string }": "{ a: number; readonly b?: string }",
    "A | undefined": "A | undefined",
    "(a: number) => Set<Map<A, B>>": "(a: number) => Set<Map<A, B>>",
    "[number, string]": "[number, string]",
  };
  for (const [type, said] of Object.entries(types)) {
    assertEquals(typeIn(`const x = blob<${type}>("x");`), said);
  }
  assertEquals(typeIn(`const x = blob("x", { initial: () => 0 });`), undefined);
  assertEquals(typeIn(`const x = other.blob<A>("x");`), undefined);
  assertEquals(typeIn("const x = blob<A>(name);"), undefined);
  assertEquals(typeIn("const x = blob<A"), undefined);
});

Deno.test("declared types: another layout, other quotes or a comment are no other type", () => {
  const layouts: readonly (readonly string[])[] = [
    ["A | B", "\n  | A\n  | B\n", "A|B", "A /* one */ | B"],
    ["Map<string, { a: 'one'; b: 2 }>", 'Map<\n  string,\n  {\n    a: "one";\n    b: 2;\n  },\n>'],
    ["{ a: 1; b: A | B }", "{\n  a: 1\n  b:\n    | A\n    | B\n}", "{ a: 1, b: A | B, }"],
    ["{ a: { c: 1 }; f(x: A, y: B): C }", "{\n  a: {\n c: 1\n }\n  f(x: A, y: B,): C\n}"],
    ["[A, B]", "[\n  A,\n  B,\n]"],
  ];
  for (const [first = "", ...others] of layouts) {
    for (const other of others) {
      assertEquals(typeIn(`blob<${other}>("x")`), typeIn(`blob<${first}>('x')`), other);
    }
  }
});

Deno.test("declared types: a name that has several, or a blob of another's, says nothing", () => {
  assertEquals(typeIn(`blob<A>("x"); blob<A>("x");`), "A");
  assertEquals(typeIn(`blob<A>("x"); blob<B>("x");`), undefined);
  const types = takeApart(`import { blob } from "./own.ts"; blob<A>("x");`).types;
  assertEquals([...types], []);
});
