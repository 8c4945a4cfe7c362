// Entries of another layout become today's by their fields' names.

import t from 'tap';
import { type Endpoint, endpointCodec } from '../../orchestrator/datapath/generated/layouts.ts';
import { type Converter, convertEntry, type Layout } from '../../orchestrator/datapath/migrate.ts';

const number: Layout = { size: 4, fields: [{ name: '', offset: 0, size: 4 }] };
const old: Layout = {
  size: 24,
  fields: [
    { name: 'identity', offset: 0, size: 2 },
    { name: 'port', offset: 4, size: 4 },
    { name: 'mac', offset: 8, size: 8 },
    { name: 'colour', offset: 16, size: 4 },
    { name: 'padding', offset: 20, size: 3 },
  ],
};
const u32 = {
  size: 4,
  encode: (value: number, view: DataView, offset: number) => view.setUint32(offset, value, true),
  decode: (view: DataView, offset: number) => view.getUint32(offset, true),
};

function convert(converter?: Converter): [number, Endpoint] {
  const key = new DataView(Uint32Array.of(0, 7).buffer);
  const value = new DataView(new ArrayBuffer(32));
  value.setUint16(8, 1234, true);
  value.setUint32(12, 99, true);
  value.setBigUint64(16, 0x0a0b0c0d0e0fn, true);
  value.setUint32(24, 3, true);
  return convertEntry({ old: { key: number, value: old }, key: u32, value: endpointCodec, converter }, key, 4, value, 8);
}

t.test('fields keep their values wherever they stand, new ones are zero, and gone ones are gone', async (t) => {
  const [key, endpoint] = convert();
  t.equal(key, 7);
  t.same(endpoint, { port: 99, id: 0, identity: 1234, policySet: 0, flags: 0, mac: 0x0a0b0c0d0e0fn, gatewayMac: 0n });
});

t.test('a converter sees what was there and has the last word', async (t) => {
  const [key, endpoint] = convert((was, is) => {
    is.value.flags = (was.value.colour as number) << 1;
    is.key[''] = (was.key[''] as number) + 1;
  });
  t.equal(key, 8);
  t.equal(endpoint.flags, 6);
});
