// Addresses, prefixes and ports as the datapath's layouts spell them.

import fc from 'fast-check';
import t from 'tap';
import { addressWords, prefixText, prefixWords, swapPort, wordBytes, wordText } from '../../orchestrator/net/words.ts';

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

t.test('words are the bytes of the address in network order, read from the low end', async (t) => {
  t.same(addressWords('10.0.0.1'), { hi: 0n, lo: 0x0100000affff0000n });
  t.same(addressWords('fd00::1'), { hi: 0xfdn, lo: 0x0100000000000000n });
  t.same(addressWords('::ffff:10.0.0.1'), addressWords('10.0.0.1'));
});

t.test('every address comes back as the bytes and the text that it was', async (t) => {
  fc.assert(fc.property(bytes16, (bytes) => Buffer.from(wordBytes(addressWords(bytes))).equals(bytes)));
  for (const text of ['10.0.0.1', '0.0.0.0', '255.255.255.255', '::', '::1', 'fd00::1', '2001:db8::7'])
    t.equal(wordText(addressWords(text)), text);
});

t.test('a prefix’s length counts from the zone', async (t) => {
  t.same(prefixWords('10.0.0.0/8'), { prefixLength: 136, zone: 0, ...addressWords('10.0.0.0') });
  t.same(prefixWords('fd00::/8', 7), { prefixLength: 40, zone: 7, ...addressWords('fd00::') });
  t.equal(prefixWords('10.0.0.1').prefixLength, 160);
  t.equal(prefixWords('0.0.0.0/0').prefixLength, 128);
  t.equal(prefixWords('::/0').prefixLength, 32);
});

t.test('a prefix comes back as the text that it was', async (t) => {
  for (const text of ['0.0.0.0/0', '10.0.0.0/8', '10.1.2.3/32', '::/0', 'fd00::/8', 'fd00::1/128'])
    t.equal(prefixText(prefixWords(text)), text);
});

t.test('what is no prefix is refused with its text', async (t) => {
  for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/8/8', '10.0.0.0/-1', 'fd00::/129']) {
    t.throws(() => prefixWords(text), new TypeError(`prefix: not an address and a length: "${text}"`));
  }
  for (const text of ['10.0.0.1/8', '128.0.0.0/0', 'fd00::1/127']) t.throws(() => prefixWords(text), { message: /bits are set behind/ });
});

t.test('a port changes its order and back', async (t) => {
  t.equal(swapPort(80), 0x5000);
  fc.assert(fc.property(fc.integer({ min: 0, max: 65535 }), (port) => swapPort(swapPort(port)) === port));
});
