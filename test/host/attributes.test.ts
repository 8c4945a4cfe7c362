// Attributes of netlink messages: what is written is what is read, and nonsense is read as far as it makes sense.

import fc from 'fast-check';
import t from 'tap';
import { attribute, joined } from '../../orchestrator/datapath/kernel/netlink.ts';
import {
  Attributes,
  bigEndian,
  canonicalPrefix,
  formatMac,
  listAttributes,
  littleEndian,
  parseMac,
} from '../../orchestrator/host/attributes.ts';
import { parsePrefix } from '../../orchestrator/net/prefix.ts';

const type = fc.integer({ min: 1, max: 0x3fff });
const payload = fc.uint8Array({ maxLength: 70 });

t.test('attributes are read as they were written, in their order', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(type, payload)), fc.uint8Array({ maxLength: 16 }), (written, header) => {
      const bytes = joined(header, ...written.map(([number, content]) => attribute(number, content)));
      t.same(listAttributes(bytes, header.length), written);
    }),
  );
});

t.test('the flags of a type are not its number', async (t) => {
  const nested = attribute(0x8000 | 5, attribute(7, 'name'));
  t.equal(new Attributes(nested).nested(5).text(7), 'name');
});

t.test('whatever bytes come, reading ends and stays within them', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(220), (bytes, from) => {
      const found = listAttributes(bytes, from);
      const length = found.reduce((sum, [, content]) => sum + 4 + content.length, 0);
      if (length > bytes.length) throw new Error(`${length} bytes of ${bytes.length}`);
    }),
  );
});

t.test('a truncated message gives the attributes that are whole', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(type, payload), { minLength: 1 }), fc.nat(), (written, cut) => {
      const bytes = joined(...written.map(([number, content]) => attribute(number, content)));
      const found = listAttributes(bytes.subarray(0, cut % bytes.length));
      t.same(found, written.slice(0, found.length));
      t.ok(found.length <= written.length);
    }),
  );
});

t.test('numbers, texts and addresses keep their values', async (t) => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.stringMatching(/^[a-z0-9]{0,30}$/), (number, text) => {
      const found = new Attributes(joined(attribute(1, number), attribute(2, text), attribute(3, littleEndian(number & 0xffff, 2))));
      t.equal(found.number(1), number);
      t.equal(found.text(2), text);
      t.equal(found.number(3), number & 0xffff);
    }),
  );
  const found = new Attributes(
    joined(attribute(1, Uint8Array.of(10, 1, 2, 3)), attribute(2, new Uint8Array(16)), attribute(3, Uint8Array.of(1))),
  );
  t.equal(found.address(1), '10.1.2.3');
  t.equal(found.address(2), '::');
  t.equal(found.address(3), undefined, 'one byte is no address');
  t.equal(found.number(9), undefined);
});

t.test('a prefix has the same text as elsewhere', async (t) => {
  const prefix = fc
    .oneof(fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })), fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })))
    .map((parts) => parts.join('/'));
  fc.assert(fc.property(prefix, (text) => t.equal(canonicalPrefix(text), parsePrefix(text).text)));
  t.equal(canonicalPrefix('10.1.2.3'), '10.1.2.3/32');
  for (const text of ['10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/x']) t.throws(() => canonicalPrefix(text), TypeError);
});

t.test('numbers in network order have their first byte first', async (t) => {
  t.same(bigEndian(0x1234, 2), Uint8Array.of(0x12, 0x34));
  t.same(bigEndian(1, 8), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1));
});

t.test('a MAC address is its text again, and what is none is refused with its text', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      t.same(parseMac(formatMac(bytes)), bytes);
    }),
  );
  for (const text of ['', '02:00:00:00:00', '02:00:00:00:00:0g', '020000000000']) t.throws(() => parseMac(text), { message: `"${text}"` });
});
