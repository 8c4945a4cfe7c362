// Sessions: many requests in one round trip, whose errors have names and words.

import t from 'tap';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { addAddress, removeAddress } from '../../orchestrator/host/link-addresses.ts';
import { listLinks } from '../../orchestrator/host/links.ts';
import { netfilterProtocol, newChain, newTable, removeTable, subsystem } from '../../orchestrator/host/nft/message.ts';
import { addRoute } from '../../orchestrator/host/routes.ts';
import { Session } from '../../orchestrator/host/session.ts';
import { networkSkip, shell } from '../support/netns.ts';

const skip = await networkSkip();
const loopback = 1;
const chain = { name: 'c', type: 'filter', hook: 0, priority: 0 } as const;

t.test('of hundreds of requests exactly those that failed are told, in their order', { skip }, async (t) => {
  using session = new Session(await openLibc());
  const changes = Array.from({ length: 500 }, (_, index) =>
    index % 7 === 0 ? addAddress(987654, `10.0.${index >> 8}.${index & 255}`) : addAddress(loopback, `10.0.${index >> 8}.${index & 255}`),
  );
  const failed = session.try(changes);
  t.same(
    failed.map(({ change }) => change),
    changes.filter((_, index) => index % 7 === 0),
  );
  t.match(failed[0], { result: -19, message: /^ENODEV \(no such device\)/ });
  t.equal(shell('ip -o addr show lo | grep -c 10.0.').trim(), '428');
  t.same(session.try(changes.filter((_, index) => index % 7 !== 0)), [], 'what is there already is no failure');
  t.same(session.try(Array.from({ length: 500 }, (_, index) => removeAddress(loopback, `10.0.${index >> 8}.${index & 255}`))), []);
  t.equal(session.sent, 500 + 428 + 500);
});

t.test("the kernel's own words are told", { skip }, async (t) => {
  using session = new Session(await openLibc());
  shell('ip link set lo up');
  t.throws(() => session.run('node n2', [addRoute({ destination: '10.2.0.0/24', gateway: '192.0.2.1' })]), {
    code: 'NETLINK_FAILED',
    message: 'node n2: route 10.2.0.0/24: add: ENETUNREACH (not reachable): nexthop has invalid gateway',
  });
});

t.test('a session goes on after an error', { skip }, async (t) => {
  using session = new Session(await openLibc());
  session.try([addAddress(987654, '10.0.0.1')]);
  t.match(listLinks(session), [{ name: 'lo', index: 1 }]);
});

t.test('a transaction does all or nothing', { skip }, async (t) => {
  using session = new Session(await openLibc(), netfilterProtocol);
  const failed = session.transaction(subsystem, [newTable(2, 'one'), newChain(2, 'missing', chain), newTable(2, 'two')]);
  t.match(failed, [{ change: { step: 'chain c' }, message: /^ENOENT/ }]);
  t.equal(shell('nft list tables'), '');
  t.same(session.transaction(subsystem, [newTable(2, 'one', 'a comment'), newChain(2, 'one', chain)]), []);
  t.match(shell('nft list table ip one'), /comment "a comment"[\s\S]*type filter hook prerouting/);
  t.same(session.transaction(subsystem, [removeTable(2, 'one')]), []);
});

t.test('a transaction that is not permitted ends, and says so', { skip }, async (t) => {
  const file = (path: string) => JSON.stringify(new URL(`../../orchestrator/${path}`, import.meta.url).href);
  const program = `
    import { openLibc } from ${file('datapath/kernel/libc.ts')};
    import { Session } from ${file('host/session.ts')};
    import { newTable, removeTable } from ${file('host/nft/message.ts')};
    const session = new Session(await openLibc(), 12);
    for (const { message } of session.transaction(10, [newTable(2, "a"), removeTable(2, "a")])) console.log(message);`;
  t.equal(
    shell(`setpriv --bounding-set -net_admin -- ${process.execPath} --input-type=module -e '${program}'`),
    'EPERM (not permitted)\n'.repeat(2),
  );
});
