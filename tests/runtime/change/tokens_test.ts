import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { plainCode, tokenize } from "../../../runtime/change/tokens.ts";

/** Code with its tokens told apart by hand. */
const PIECES: readonly string[] = [
  ...["const", " ", "a", "=", "1.5e3", ";", "b", "(", ")", "{", "}", "[", "]", "x", "+", "-", "*"],
  ...['"// no comment"', "'/* none */'", "`${a /* in it */} // too`", "1", "=>", "...", "?.", "<"],
];

Deno.test("comments, layout and commas before what closes do not change code", () => {
  const plain = plainCode("const a = f(1, { b: 2 }, [3]); return a / 2;");
  for (
    const same of [
      "const a=f(1,{b:2},[3]);return a/2;",
      "const a = f( // one\n  1,\n  { b: 2, },\n  [3,],\n);\nreturn a /* half */ / 2;",
      "/** All of it. */\nconst a = f(1, { b: 2 }, [3]);\n\n\nreturn a / 2; // the end",
    ]
  ) assertEquals(plainCode(same), plain);
  // What `deno fmt` makes of what is too wide, or written otherwise.
  for (
    const [one, other] of [
      [
        "function f(a: A | B): void { g(); }",
        "function f(\n  a:\n    | A\n    | B,\n): void { g() }",
      ],
      ["let a: (A & B)[]", "let a: (\n  & A\n  & B\n)[]"],
      ["type A<B = C | D> = E", "type A<\n  B =\n    | C\n    | D,\n> = E"],
      ["let a: { b: C; d: E } = f", "let a: {\n  b: C;\n  d: E;\n} = f"],
      ["f('a')", 'f("a")'],
    ] as const
  ) assertEquals(plainCode(other), plainCode(one));
});

Deno.test("what code means is kept: strings, templates, regular expressions, line ends that count", () => {
  const pairs: readonly (readonly [string, string])[] = [
    ['f("a b")', 'f("a  b")'],
    ["f(`a\n b`)", "f(`a\n  b`)"],
    ["f(`${a /* x */}`)", "f(`${a}`)"],
    ["x = /\\//; y(1)", "x = /\\//; y(2)"],
    ["x = /[/]// 2", "x = /[/]// 3, 4\n+ 1"],
    ["if (a) /\\/\\/b/.test(c)", "if (a) /\\/\\/d/.test(c)"],
    ["return\na", "return a"],
    ["a\n++b", "a ++\nb"],
    ["[1, , 2]", "[1, 2]"],
    ["[,]", "[]"],
    ["a + +b", "a ++ b"],
    ["a - 1", "a - 2"],
    ["a || b", "a | b"],
    ["a && b", "a & b"],
    ["(a, b)", "(a | b)"],
    ["f('\"')", 'f("")'],
    ['"https://a" + b', '"https://a" + c'],
  ];
  for (const [one, other] of pairs) {
    assertNotEquals(plainCode(one), plainCode(other), `${one} | ${other}`);
  }
});

Deno.test("property: space and comments between tokens do not count, and no token is lost", () => {
  const gap = fc.constantFrom(" ", "\t", "  ", " /* c */ ", ' /* // " */ ');
  const code = fc.array(fc.tuple(fc.constantFrom(...PIECES), gap), { maxLength: 30 });
  fc.assert(fc.property(code, (pieces) => {
    const one = pieces.map(([piece]) => `${piece} `).join("");
    const other = pieces.map(([piece, gap]) => piece + gap).join("");
    assertEquals(plainCode(other), plainCode(one));
    const again = plainCode(plainCode(one));
    assertEquals(again, plainCode(one));
  }));
});

/** What a formatter may put or leave. */
const FREE = /[\s,;|&'"]/g;

Deno.test("property: any text has tokens, which hold every word of it outside comments", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme-composite", maxLength: 60 }), (text) => {
    const tokens = tokenize(text);
    if (text.includes("/") || text.includes("#!")) return;
    const joined = tokens.map((token) => token.text).join("").replaceAll(FREE, "");
    assertEquals(joined, text.replaceAll(FREE, ""));
  }));
});
