// The format `cidr` as API servers check it. It is laxer than addresses elsewhere here: octets and lengths may have leading zeros.

/** Whether a text is an address, a slash and a length. Linear, and short texts only. */
export function isCidr(text: string): boolean {
  if (text.length > 128) return false;
  const slash = text.indexOf('/');
  if (slash < 0) return false;
  const [address, length] = [text.slice(0, slash), text.slice(slash + 1)];
  if (!/^\d{1,8}$/.test(length)) return false;
  if (isOctets(address)) return Number(length) <= 32;
  return isGroups(address) && Number(length) <= 128;
}

function isOctets(text: string): boolean {
  const octets = text.split('.');
  return octets.length === 4 && octets.every((octet) => /^\d{1,8}$/.test(octet) && Number(octet) <= 255);
}

function isGroups(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const counts = halves.map((half, index) => countGroups(half, index === halves.length - 1));
  if (counts.includes(undefined)) return false;
  const groups = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return halves.length === 2 ? groups < 8 : groups === 8;
}

/** How many of the eight groups a half spells; the last may be an IPv4 address and counts twice. */
function countGroups(half: string, last: boolean): number | undefined {
  if (half === '') return 0;
  const groups = half.split(':');
  const tail = groups[groups.length - 1];
  const dotted = last && tail.includes('.');
  if (dotted && !isOctets(tail)) return undefined;
  const plain = dotted ? groups.slice(0, -1) : groups;
  if (!plain.every((group) => /^[\da-fA-F]{1,8}$/.test(group) && Number.parseInt(group, 16) <= 0xffff)) return undefined;
  return plain.length + (dotted ? 2 : 0);
}
