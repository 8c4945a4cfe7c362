// Whether two rows say the same, by what is in them.

/**
 * Plain objects, arrays, byte arrays, maps and sets are compared by content; anything else only equals itself. In doubt two values
 * differ: that costs a change too many and loses none.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const kind = Object.getPrototypeOf(one);
  if (kind !== Object.getPrototypeOf(other)) return false;
  if (kind === Object.prototype || kind === null) return isSameObject(one as Fields, other as Fields);
  if (Array.isArray(one)) return isSameList(one, other as unknown[]);
  if (one instanceof Uint8Array) return isSameList(one, other as Uint8Array);
  if (one instanceof Map) return one.size === (other as Map<unknown, unknown>).size && isSameMap(one, other as Map<unknown, unknown>);
  if (one instanceof Set) return one.size === (other as Set<unknown>).size && [...one].every((value) => (other as Set<unknown>).has(value));
  return false;
}

type Fields = Record<string, unknown>;

function isSameObject(one: Fields, other: Fields): boolean {
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  for (const name of names) if (!Object.hasOwn(other, name) || !isSame(one[name], other[name])) return false;
  return true;
}

function isSameList(one: ArrayLike<unknown>, other: ArrayLike<unknown>): boolean {
  if (one.length !== other.length) return false;
  for (let place = 0; place < one.length; place++) if (!isSame(one[place], other[place])) return false;
  return true;
}

function isSameMap(one: Map<unknown, unknown>, other: Map<unknown, unknown>): boolean {
  for (const [key, value] of one) if (!other.has(key) || !isSame(value, other.get(key))) return false;
  return true;
}
