// The kernel's engine: the same questions through eBPF programs, answered alike.
import t from 'tap';
import { openCluster } from '../../orchestrator/testing/cluster.ts';
import { bpffsFolder, kernelSkip } from '../support/kernel.ts';
import { runAsUser } from '../support/user-process.ts';
import { db, from, openShop, policy, ports, web } from './shop.ts';

const skip = await kernelSkip();

t.test('the kernel and WebAssembly say the same of every kind of message', { skip }, async (t) => {
  await bpffsFolder();
  const cluster = await openCluster({ engine: 'kernel', crossCheck: ['wasm', 'model'] });
  t.teardown(() => cluster.close());
  openShop(cluster);
  const icmps = [
    {
      fields: [
        { type: 3, family: 'IPv4' },
        { type: 8, family: 'IPv4' },
        { type: 135, family: 'IPv6' },
      ],
    },
  ];
  const rules = [
    { fromEndpoints: from('web'), toPorts: ports(80) },
    { fromEndpoints: from('web'), icmps },
  ];
  cluster.apply(
    policy('db', { ingress: rules }),
    policy('web', { egress: [{ toFQDNs: [{ matchName: 'a.example.com' }] }, { toEndpoints: [{}] }] }),
  );
  let allowed = 0;
  const ask = (question: object): void => {
    if (cluster.flow({ from: web, to: db, ...question } as never).verdict === 'allow') allowed += 1;
  };
  for (const family of [4, 6]) for (const protocol of ['tcp', 'udp', 'sctp']) for (const port of [80, 81]) ask({ family, protocol, port });
  for (let type = 0; type < 20; type++) if (type !== 5) ask({ protocol: 'icmp', type });
  for (let type = 1; type < 150; type++) ask({ protocol: 'icmpv6', type });
  t.equal(allowed, 5, 'TCP 80 of each family, and three types');
  t.throws(() => ask({ protocol: 'icmp', type: 5 }), { code: 'NOT_SUPPORTED' });

  cluster.answer({ name: 'a.example.com', addresses: ['203.0.113.1'], ttl: 30 });
  const connection = cluster.connect({ from: web, to: '203.0.113.1', port: 443 });
  t.same(
    [connection.send(), connection.reply(), connection.send()].map(({ passed }) => passed),
    [true, true, true],
  );
  cluster.advance(31);
  t.equal(cluster.flow({ from: web, to: '203.0.113.1', port: 443 }).reason, 'grantExpired');
  t.equal(connection.send().passed, true);
  cluster.advance(9000);
  t.equal(connection.send().reason, 'grantExpired', 'the flow was forgotten, and the name does not count any more');
});

t.test('without the right to use BPF it is refused with the reason', async (t) => {
  const program = `
    import { openCluster } from './orchestrator/testing/cluster.ts';
    process.setuid?.(65534);
    const problem = await openCluster({ engine: 'kernel' }).catch((error) => error);
    console.log(problem.code, problem.message);`;
  const { stdout } = runAsUser(process.execPath, ['--input-type=module-typescript', '-e', program], process.cwd());
  t.match(stdout, /^NOT_SUPPORTED engine "kernel": /);
});
