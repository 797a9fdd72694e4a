/** Plain values: objects, arrays and Maps, encoded and decoded. */

import { decode as cborDecode } from "cbor-x/decode";
import { encode as cborEncode } from "cbor-x/encode";
import { deserialize, serialize } from "node:v8";
import { decodeValue, encodeValue } from "tidemark";
import { MAX_PLAIN_BYTES } from "../../storage/value/limits.ts";
import { generator, MIB } from "../data.ts";
import type { Bench, Chart, Goal, Outcome, Row } from "../row.ts";
import { type Contender, digits, find, interleaved, median, seconds } from "../stats.ts";

const ENTRIES = 300_000;
const OWN = "Tidemark";

/** The row. */
export const values: Row = { title: "Plain values: objects and Maps", measure };

async function measure({ rounds, log, collect }: Bench): Promise<Outcome> {
  const next = generator(3);
  const entries = Array.from({ length: ENTRIES }, (_, id) => [`key-${id}`, next()] as const);
  const cases: readonly [string, unknown][] = [
    [`a Map of ${ENTRIES} numbers`, new Map(entries)],
    [
      `${ENTRIES / 2} objects of four fields`,
      entries.slice(0, ENTRIES / 2).map(([name, id]) => ({ id, name, score: id / 7, isOn: true })),
    ],
  ];
  const goals: Goal[] = [];
  const charts: Chart[] = [];
  for (const [title, value] of cases) {
    const { type, parts, byteLength } = encodeValue(value);
    const bytes = new Uint8Array(await new Blob(parts.map((part) => part.slice())).arrayBuffer());
    const cbor = cborEncode(value).slice();
    const v8 = serialize(value).slice();
    const rate = (name: string, run: () => unknown): Contender => ({
      name,
      async measure() {
        collect();
        return byteLength / 1e6 / await seconds(run);
      },
    });
    const figures = await interleaved(
      [
        rate(`${OWN}, encode`, () => encodeValue(value)),
        rate("cbor-x, encode", () => cborEncode(value)),
        rate("v8.serialize", () => serialize(value)),
        rate(`${OWN}, decode`, () => decodeValue(type, bytes)),
        rate("cbor-x, decode", () => cborDecode(cbor)),
        rate("v8.deserialize", () => deserialize(v8)),
      ],
      rounds,
      log,
    );
    charts.push({ title, unit: "MB/s", figures });
    const [encoded, decoded] = ["encode", "decode"].map((what) =>
      digits(median(find(figures, `${OWN}, ${what}`).rounds))
    );
    goals.push({
      goal: "MB/s printed",
      measured: `${title}: ${encoded} encoded, ${decoded} decoded`,
      isMet: true,
    });
  }
  goals.push({
    goal: "a bound on their size, documented",
    measured: `${MAX_PLAIN_BYTES / MIB} MiB a value`,
    isMet: true,
  });
  return {
    goals,
    charts,
    notes: ["All rates are by the size of Tidemark's bytes, so that they compare like times."],
  };
}
