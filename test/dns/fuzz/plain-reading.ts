// Plain reading: messages read in the simplest way, as texts in lists, to say what the engine should have found. It is slow, and it stops where a
// message breaks off.

export interface PlainQuestion {
  /** Lower case. */
  readonly labels: readonly string[];
  /** Behind the question. */
  readonly end: number;
}

const word = (bytes: Buffer, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** Labels and the place behind; undefined: no name. A pointer leads in front of the piece that it ends, and none into the header. */
export function plainName(
  message: Buffer,
  from: number,
): { readonly labels: string[]; readonly end: number; readonly whole: boolean } | undefined {
  const labels: string[] = [];
  let [at, piece, total, end, pointers] = [from, from, 0, -1, 0];
  for (;;) {
    if (at >= message.length) return undefined;
    const size = message[at] as number;
    if (size >= 0xc0) {
      const target = word(message, at) & 0x3fff;
      if (at + 1 >= message.length || target >= piece || target < 12 || pointers === 127) return undefined;
      if (end < 0) end = at + 2;
      pointers += 1;
      at = target;
      piece = target;
      continue;
    }
    if (size > 63 || at + size >= message.length) return undefined;
    total += size + 1;
    if (total > 255) return undefined;
    at += size + 1;
    if (size === 0) break;
    labels.push(message.toString('latin1', at - size, at).replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
  }
  return { labels, end: end < 0 ? at : end, whole: pointers === 0 };
}

/** The question of a query that may be decided about. */
export function plainQuestion(message: Buffer): PlainQuestion | undefined {
  if (message.length < 12 || (word(message, 2) & 0xf800) !== 0 || word(message, 4) !== 1) return undefined;
  const name = plainName(message, 12);
  return name?.whole && name.end + 4 <= message.length ? { labels: name.labels, end: name.end + 4 } : undefined;
}

/** Bytes of each address that the question's name leads to; undefined where the answer section is broken. */
export function plainAddresses(message: Buffer): Buffer[] | undefined {
  const question = plainName(message, 12);
  if (question === undefined) return undefined;
  const records: { owner: string; type: number; data: Buffer; target: string }[] = [];
  let at = question.end + 4;
  for (let left = word(message, 6); left > 0; left -= 1) {
    const owner = plainName(message, at);
    if (owner === undefined || owner.end + 10 > message.length) return undefined;
    const [type, family, size] = [word(message, owner.end), word(message, owner.end + 2), word(message, owner.end + 8)];
    const data = owner.end + 10;
    if (data + size > message.length) return undefined;
    const target = type === 5 ? plainName(message, data) : undefined;
    if (family === 1) {
      if (type === 5 && target?.end !== data + size) return undefined;
      if ((type === 1 && size !== 4) || (type === 28 && size !== 16)) return undefined;
      records.push({ owner: textOf(owner.labels), type, data: message.subarray(data, data + size), target: textOf(target?.labels ?? []) });
    }
    at = data + size;
  }
  const names = new Set([textOf(question.labels)]);
  for (let before = 0; before < names.size; ) {
    before = names.size;
    for (const { owner, type, target } of records) if (type === 5 && names.has(owner)) names.add(target);
  }
  return records.filter(({ owner, type }) => (type === 1 || type === 28) && names.has(owner)).map(({ data }) => data);
}

/** No label has the separator in it, for a name's length would be wrong otherwise. */
function textOf(labels: readonly string[]): string {
  return labels.map((label) => `${label.length}:${label}`).join('');
}
