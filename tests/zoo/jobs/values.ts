/** Values of every kind that a blob may hold, which a resume must give back exactly. */
import { blob, epochs, job, main, task } from "tidemark";

interface Odd {
  numbers: (number | undefined | null)[];
  text: string;
  big: bigint;
  when: Date;
  table: Map<string, Set<number>>;
  bytes: ArrayBuffer;
  view: DataView;
  halves: Float16Array;
  nested: { readonly deep: (boolean | { "__proto__": number })[] };
}

const odd = blob("odd", {
  initial: (): Odd => ({
    numbers: [NaN, -0, Infinity, undefined, null, 2 ** 53, 5e-324],
    text: "tide \ud800 mark \u{1f30a}",
    big: -(2n ** 70n),
    when: new Date(NaN),
    table: new Map([["z", new Set([-0])], ["a", new Set()]]),
    bytes: new ArrayBuffer(3),
    view: new DataView(new ArrayBuffer(5)),
    halves: new Float16Array([1.5, -0, NaN]),
    nested: { deep: [true, { ["__proto__"]: 1 }] },
  }),
});
const sparse = blob("sparse", { initial: (): number[] => [] });
const words = blob("words", { initial: () => new BigInt64Array(3) });

const change = task("change", { updates: { odd, words }, writes: { sparse } })
  .run(({ odd, words }, { epoch, rng }) => {
    odd.numbers.push(epoch % 2 === 0 ? -0 : NaN, -1 / epoch);
    odd.text += String.fromCharCode(0xdc00 + epoch);
    odd.big = odd.big * 3n - BigInt(rng("big").int(100));
    odd.when = new Date(Number.isNaN(odd.when.getTime()) ? -1 : odd.when.getTime() * 1.5);
    odd.table.set("z", new Set([epoch, ...odd.table.get("z") ?? []]));
    new Uint8Array(odd.bytes)[epoch % 3] = epoch;
    odd.view.setFloat32(0, rng("view")());
    odd.halves[1] = -odd.halves[1]!;
    odd.nested.deep.reverse();
    words[epoch % 3] = BigInt.asIntN(64, odd.big);
    return { sparse: Array.from({ length: epoch }, (_, at) => at === 1 ? -0 : at / 3) };
  });

const values = job("zoo-values", {
  epoch: [change],
  until: epochs(5),
  checkpoint: { to: "file:checkpoints", snapshot: "none" },
});
export default values;
await main(import.meta, values);
