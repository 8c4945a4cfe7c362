// Addresses: IPv4 and IPv6 between text and bytes in network order; the datapath's maps hold 16 bytes for both families.

/** 4 or 16 bytes of an address in network order; throws a TypeError that quotes the text when it is none. */
export function parseAddress(text: string): Uint8Array {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (bytes === undefined) throw new TypeError(`address: not an IPv4 or IPv6 address: "${text}"`);
  return bytes;
}

/** Text of 4 or 16 bytes: dotted quad, or RFC 5952 (lower case, the longest run of zeros as "::"). */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`;
  const groups = Array.from({ length: 8 }, (_, group) => ((bytes[group * 2] ?? 0) << 8) | (bytes[group * 2 + 1] ?? 0));
  const run = longestZeroRun(groups);
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return text(groups);
  return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`;
}

/** 16 bytes: an IPv4 address as ::ffff:a.b.c.d, an IPv6 address as it is. */
export function toMapped(address: Uint8Array): Uint8Array {
  if (address.length === 16) return address;
  const mapped = new Uint8Array(16);
  mapped.fill(0xff, 10, 12);
  mapped.set(address, 12);
  return mapped;
}

/** 4 bytes when the 16 are an IPv4-mapped address, else the 16 themselves. */
export function fromMapped(address: Uint8Array): Uint8Array {
  return isMapped(address) ? address.slice(12) : address;
}

export function isMapped(address: Uint8Array): boolean {
  return address.length === 16 && address[10] === 0xff && address[11] === 0xff && address.subarray(0, 10).every((byte) => byte === 0);
}

const [dot, zero] = [46, 48];

/** The bytes of a dotted quad as a little-endian number; undefined for any other text. Thousands come at once: nothing is made on the way. */
export function parseQuad(text: string): number | undefined {
  let [quad, part, digits, dots] = [0, 0, 0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === dot) {
      if (digits === 0 || dots === 3) return undefined;
      quad += part * 2 ** (dots * 8);
      [part, digits, dots] = [0, 0, dots + 1];
    } else {
      const digit = code - zero;
      if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return undefined;
      part = part * 10 + digit;
      digits += 1;
      if (part > 255) return undefined;
    }
  }
  return dots === 3 && digits > 0 ? quad + part * 2 ** 24 : undefined;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const quad = parseQuad(text);
  return quad === undefined ? undefined : Uint8Array.of(quad & 255, (quad >>> 8) & 255, (quad >>> 16) & 255, quad >>> 24);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const left = parseGroups(halves[0] ?? '', halves.length === 1);
  const right = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 16 - left.length - right.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  return Uint8Array.from([...left, ...new Array<number>(missing).fill(0), ...right]);
}

/** Bytes of colon-separated groups; only the address's very last one may be a dotted quad. */
function parseGroups(text: string, mayEndInQuad: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const quad = mayEndInQuad && index === groups.length - 1 && group.includes('.') ? parseIpv4(group) : undefined;
    if (quad !== undefined) bytes.push(...quad);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}
