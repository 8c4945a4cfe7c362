// Sums of counters that are kept apart, one per CPU or worker.

/** Field by field; 64-bit sums wrap. What is no number is the left one's. */
export function sumFields<T>(left: T, right: T): T {
  return add(left, right) as T;
}

function add(left: unknown, right: unknown): unknown {
  if (typeof left === 'bigint' && typeof right === 'bigint') return BigInt.asUintN(64, left + right);
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left !== 'object' || left === null) return left;
  const other = right as Record<string, unknown>;
  return Object.fromEntries(Object.entries(left).map(([name, field]) => [name, add(field, other[name])]));
}
