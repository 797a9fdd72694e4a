/**
 * The order of the bytes in a number.
 *
 * @module
 */

let isChecked = false;

/**
 * Makes sure that typed arrays lie in memory as they do in a file: the least byte first.
 *
 * @throws {Error} Where they do not.
 */
export function checkByteOrder(): void {
  if (isChecked) return;
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) {
    throw new Error(
      "Typed arrays are saved in little-endian order, which this machine does not use: " +
        "run on a little-endian one",
    );
  }
  isChecked = true;
}
