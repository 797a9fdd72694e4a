import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RecordTexts } from "../../storage/record_texts.ts";

const encoder = new TextEncoder();

Deno.test("a text is read from its place as it was written, however often, and whatever others there are", () => {
  // A few letters, so that many texts have the hash of another.
  const ascii = fc.string({ unit: fc.constantFrom(..."\0ab\x7f"), maxLength: 40 });
  const any = fc.string({ unit: "binary" }).filter((text) => text.isWellFormed());
  fc.assert(fc.property(fc.array(fc.oneof(ascii, any), { maxLength: 200 }), (texts) => {
    const encoded = texts.map((text) => encoder.encode(text));
    const bytes = encoder.encode(texts.join(""));
    const reader = new RecordTexts(bytes);
    let at = 0;
    for (const [index, { byteLength }] of encoded.entries()) {
      assertEquals(reader.read(at, at + byteLength), texts[index]);
      at += byteLength;
    }
  }));
});

Deno.test("bytes are read as the system's decoder reads them, or as no text", () => {
  const system = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    let expected: string | undefined;
    try {
      expected = system.decode(bytes);
    } catch {
      expected = undefined;
    }
    assertEquals(new RecordTexts(bytes).read(0, bytes.byteLength), expected);
  }));
});
