// Cleanup: a node is as it was before its first agent, and may have another one.

import { join } from 'node:path';
import t from 'tap';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';

t.setTimeout(300_000);

/** All that an agent could have left in the node's namespaces. */
const look = `
ip -o link | grep -E 'axn|axoneme' ; ip route show table all proto 97 ; ip -6 route show table all proto 97 ;
ip -o addr show dev lo scope global ; nft list tables 2>/dev/null | grep axoneme ; ls -R /sys/fs/bpf/axoneme 2>/dev/null | grep -v '^$' ; true
`;

t.test('an agent leaves nothing when it is cleaned away', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, { clusters: [{ name: 'east', nodes: [{ name: 'a' }] }] });
  const cluster = sandbox.cluster('east');
  const node = cluster.node('a');
  const spec = { nodeName: 'a', containers: [{ name: 'c', image: 'none', command: ['sleep', 'infinity'] }] };
  await cluster.apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec }]);
  await cluster.ready(['default/web']);
  const found = await node.exec(['sh', '-c', look]);
  t.match(found.stdout, /axn[0-9a-f]{10}/, 'there is something to clean');
  t.match(found.stdout, /policy@/);

  await node.killAgent();
  const main = join(import.meta.dirname, '../../orchestrator/main.ts');
  const cni = join(node.stateDir, '../cni');
  const flags = ['--state-dir', node.stateDir, '--run-dir', join(node.socket, '..'), '--bpffs', '/sys/fs/bpf/axoneme'];
  const folders = ['--cni-conf-dir', join(cni, 'net.d'), '--cni-bin-dir', join(cni, 'bin')];
  const cleaned = await node.exec([process.execPath, main, 'cleanup', ...flags, ...folders], { timeoutMs: 60_000 });
  t.equal(cleaned.status, 0, cleaned.stderr);
  t.match(cleaned.stdout, /removed .*maps, programs and hooks/);
  t.equal((await node.exec(['sh', '-c', look])).stdout, '');
  t.equal((await node.exec(['sh', '-c', `cd ${cni} && find . -name '*axoneme*'; ls ${node.stateDir}`])).stdout.trim(), '');
  const again = await node.exec([process.execPath, main, 'cleanup', ...flags, ...folders], { timeoutMs: 60_000 });
  t.match(again.stdout, /nothing to remove/);

  await node.startAgent();
  t.match((await node.exec(['sh', '-c', look])).stdout, /axoneme_vxlan/, 'another agent begins anew');
});
