// Growing arrays: typed arrays that become longer where they lie. To copy ten thousand addresses into memory that nobody had yet takes longer than
// to write the grants of an answer to the map, and an answer waits for both; and what was copied leaves a hole behind.

type Numbers = Int32Array | Uint16Array | Uint8Array;

/** A copy that is longer: for arrays of small numbers. */
export function extended<Array extends Numbers>(array: Array, length: number): Array {
  const longer = new (array.constructor as new (length: number) => Array)(length);
  longer.set(array);
  return longer;
}

/** An array of zeros that `lengthen` may make as long as `most`. Room is set aside for all of it; memory is used for what is written to. */
export function growing<Array extends Numbers>(
  kind: { new (buffer: ArrayBuffer): Array; readonly BYTES_PER_ELEMENT: number },
  length: number,
  most: number,
): Array {
  const { BYTES_PER_ELEMENT: size } = kind;
  return new kind(new ArrayBuffer(length * size, { maxByteLength: most * size }));
}

/** Views of it see the new length; what is new are zeros. */
export function lengthen(array: Numbers, length: number): void {
  (array.buffer as ArrayBuffer).resize(length * array.BYTES_PER_ELEMENT);
}
