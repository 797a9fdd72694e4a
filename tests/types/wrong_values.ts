/**
 * Values that cannot be saved, and wrong tokens, with what the compiler is to say last.
 *
 * @module
 */
import type { WrongProgram } from "./check_programs.ts";

/** Values that cannot be saved, and wrong tokens. */
export const wrongValues: readonly WrongProgram[] = [
  {
    what: "a class instance",
    code: `export const wrong = blob<Model>("x");`,
    says: "NeedsCodec<Model>'.",
  },
  {
    what: "a function inside",
    code: `export const wrong = blob<{ size: number; run: () => void }>("x");`,
    says: "NeedsCodec<{ size: number; run: () => void; }>'.",
  },
  {
    what: "a promise",
    code: `export const wrong = blob<Promise<number>>("x");`,
    says: "NeedsCodec<Promise<number>>'.",
  },
  {
    what: "a symbol inside",
    code: `export const wrong = blob<{ tag: symbol }>("x");`,
    says: "NeedsCodec<{ tag: symbol; }>'.",
  },
  {
    what: "a class instance in a Map",
    code: `export const wrong = blob<Map<string, Model>>("x");`,
    says: "NeedsCodec<Map<string, Model>>'.",
  },
  {
    what: "a class instance by initial",
    code: `export const wrong = blob("x", { initial: () => new Model() });`,
    says: "NeedsCodec<Model>'.",
  },
  {
    what: "a derived blob that is scratch too",
    code: `export const wrong = blob<number>("x", { derived: true, scratch: true });`,
    says: "Type 'true' is not assignable to type 'false'.",
  },
  {
    what: "a derived blob with an initial value",
    code: `export const wrong = blob<number>("x", { derived: true, initial: () => 1 });`,
    says: "Type '() => number' is not assignable to type 'undefined'.",
  },
  {
    what: "a derived class instance without a codec",
    code: `export const wrong = blob<Model>("x", { derived: true });`,
    says: "NeedsCodec<Model>'.",
  },
  {
    what: "a codec that gives a function inside",
    code:
      `export const wrong = codec({ encode: (m: Model) => ({ w: m.w, fit: m.fit }), decode: () => new Model() });`,
    says: "required in type 'NotPlain<{ w: Float32Array<ArrayBuffer>; fit: () => number; }>'",
  },
  {
    what: "a codec that gives a promise inside",
    code:
      `export const wrong = codec({ encode: (m: Model) => ({ w: Promise.resolve(m.w) }), decode: () => new Model() });`,
    says: "required in type 'NotPlain<{ w: Promise<Float32Array<ArrayBuffer>>; }>'",
  },
  {
    what: "an async codec that gives a class instance inside",
    code:
      `export const wrong = codec({ encode: async (m: Model) => { await 0; return { inner: m }; }, decode: () => new Model() });`,
    says: "required in type 'NotPlain<{ inner: Model; }>'.",
  },
  {
    what: "a blob without a type",
    code: `
const untyped = blob("untyped");
export const wrong = task("x", { reads: { untyped } }).run(({ untyped }, { log }) => log(\`\${untyped.length}\`));
`,
    says: "NeedsCodec<unknown>'.",
  },
  {
    what: "a piece that gives a class instance",
    code:
      `export const wrong = task("x").run(async (_, { map }) => { await map("m", [1], () => new Model(), { key: String }); });`,
    says: "required in type 'NotPlain<Model>'.",
  },
  {
    what: "a map without keys",
    code:
      `export const wrong = task("x").run(async (_, { map }) => { await map("m", [1], (n) => n, {}); });`,
    says: "Property 'key' is missing in type '{}' but required in type 'MapOptions<number>'.",
  },
  {
    what: "a step that gives a class instance",
    code:
      `export const wrong = task("x").run(async (_, { step }) => { await step("m", () => new Model()); });`,
    says: "required in type 'NotPlain<Model>'.",
  },
  {
    what: "a decode that reads what encode does not give",
    code:
      `export const wrong = codec({ encode: (m: Model) => ({ w: m.w }), decode: ({ v }) => { void v; return new Model(); } });`,
    says: "Property 'v' does not exist on type '{ w: Float32Array<ArrayBuffer>; }'.",
  },
  {
    what: "a codec of another type",
    code:
      `export const wrong = blob<Float32Array>("x", { codec: codec({ encode: (m: Model) => ({ w: m.w }), decode: () => new Model() }) });`,
    says:
      "Type 'Float32Array<ArrayBufferLike>' is missing the following properties from type 'Model'",
  },
  {
    what: "a cursor over a number",
    code: `export const wrong = cursor("x", { over: accuracy, take: 3 });`,
    says: "Type 'number' is not assignable to type 'ArrayLike<unknown>'.",
  },
  {
    what: "an initial value of the wrong type",
    code: `export const wrong = blob<number>("x", { initial: () => "0" });`,
    says: "Type 'string' is not assignable to type 'number'.",
  },
  {
    what: "an initial value without a function",
    code: `export const wrong = blob<number>("x", { initial: 0 });`,
    says: "Type 'number' is not assignable to type '() => number'.",
  },
  {
    what: "a stamp that is a class instance",
    code: `export const wrong = resource("x", { open: () => new Model(), stamp: (m) => m });`,
    says: "required in type 'NotPlain<Model>'.",
  },
  {
    what: "a piece of unknown type",
    code: `
declare const u: unknown;
export const wrong = task("x").run(async (_, { map }) => { await map("m", [1], () => u, { key: String }); });
`,
    says: "Type 'unknown' is not assignable to type 'NotUnknown'.",
  },
  {
    what: "a codec of unknown type",
    code: `
declare const u: unknown;
export const wrong = codec({ encode: (_: Model) => u, decode: () => new Model() });
`,
    says: "Type 'unknown' is not assignable to type 'NotUnknown'.",
  },
  {
    what: "a codec that gives something unknown inside",
    code: `
declare const u: unknown;
export const wrong = codec({ encode: (_: Model) => ({ u }), decode: () => new Model() });
`,
    says: "required in type 'NotPlain<{ u: unknown; }>'.",
  },
  {
    what: "a RegExp inside",
    code: `export const wrong = blob<{ a: RegExp }>("x");`,
    says: "NeedsCodec<{ a: RegExp; }>'.",
  },
  {
    what: "a URL",
    code: `export const wrong = blob<URL>("x");`,
    says: "NeedsCodec<URL>'.",
  },
  {
    what: "a Response",
    code: `export const wrong = blob<Response>("x");`,
    says: "NeedsCodec<Response>'.",
  },
  {
    what: "a list of unknown",
    code: `export const wrong = blob<unknown[]>("x");`,
    says: "NeedsCodec<unknown[]>'.",
  },
  {
    what: "a WeakMap",
    code: `export const wrong = blob<WeakMap<object, string>>("x");`,
    says: "NeedsCodec<WeakMap<object, string>>'.",
  },
  {
    what: "a generator",
    code: `export const wrong = blob<Generator<number>>("x");`,
    says: "NeedsCodec<Generator<number, any, any>>'.",
  },
  {
    what: "an Error",
    code: `export const wrong = blob<Error>("x");`,
    says: "NeedsCodec<Error>'.",
  },
  {
    what: "an AbortSignal inside",
    code: `export const wrong = blob<{ s: AbortSignal }>("x");`,
    says: "NeedsCodec<{ s: AbortSignal; }>'.",
  },
  {
    what: "a function in a tuple",
    code: `export const wrong = blob<[number, () => void]>("x");`,
    says: "NeedsCodec<[number, () => void]>'.",
  },
  {
    what: "a function in a union",
    code: `export const wrong = blob<number | (() => void)>("x");`,
    says: "NeedsCodec<number | (() => void)>'.",
  },
  {
    what: "a class instance in an optional property",
    code: `export const wrong = blob<{ a?: Model }>("x");`,
    says: "NeedsCodec<{ a?: Model; }>'.",
  },
  {
    what: "a Set of symbols",
    code: `export const wrong = blob<Set<symbol>>("x");`,
    says: "NeedsCodec<Set<symbol>>'.",
  },
  {
    what: "class instances as keys of a Map",
    code: `export const wrong = blob<Map<Model, string>>("x");`,
    says: "NeedsCodec<Map<Model, string>>'.",
  },
  {
    what: "promises in a list",
    code: `export const wrong = blob<Promise<number>[]>("x");`,
    says: "NeedsCodec<Promise<number>[]>'.",
  },
  {
    what: "a WeakRef",
    code: `export const wrong = blob<WeakRef<object>>("x");`,
    says: "NeedsCodec<WeakRef<object>>'.",
  },
  {
    what: "a SharedArrayBuffer",
    code: `export const wrong = blob<SharedArrayBuffer>("x");`,
    says: "NeedsCodec<SharedArrayBuffer>'.",
  },
];
