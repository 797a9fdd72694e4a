/**
 * Takes bytes that lie in several parts.
 *
 * @module
 */

/** Takes the bytes of several parts one after another. */
export class Pieces {
  readonly #parts: readonly Uint8Array[];
  #index = 0;
  #at = 0;

  /** Takes the parts, in order. */
  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
  }

  /** The next `length` bytes, as views on the parts that hold them. */
  take(length: number): readonly Uint8Array[] {
    const first = this.#parts[this.#index];
    if (first !== undefined && first.byteLength - this.#at > length) {
      return [first.subarray(this.#at, this.#at += length)];
    }
    const pieces: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const part = this.#parts[this.#index];
      if (part === undefined) throw new RangeError("an encoded value has fewer bytes than it says");
      const piece = part.subarray(this.#at, this.#at + left);
      if (piece.byteLength === 0) {
        this.#index++;
        this.#at = 0;
        continue;
      }
      pieces.push(piece);
      this.#at += piece.byteLength;
      left -= piece.byteLength;
    }
    return pieces;
  }

  /** Passes over the next `length` bytes. */
  skip(length: number): void {
    for (let left = length; left > 0;) {
      const rest = (this.#parts[this.#index]?.byteLength ?? 0) - this.#at;
      if (rest <= 0 && this.#index >= this.#parts.length) return;
      const step = Math.min(rest, left);
      this.#at += step;
      left -= step;
      if (step < rest) return;
      this.#index++;
      this.#at = 0;
    }
  }
}
