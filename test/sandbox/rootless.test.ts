// What an ordinary user is told where a sandbox of his own is refused, by hosts that refuse it. That one works is seen by
// test/scenarios/scenarios-rootless.test.ts.
import t from 'tap';
import { isRoot, type Refused, runAsOrdinaryUser } from '../support/ordinary-user.ts';

t.setTimeout(300_000);

const refusals: readonly [Refused, why: string, remedy: string][] = [
  ['TUN devices', 'open: Permission denied', '"modprobe tun && chmod 666 /dev/net/tun" as root allows them'],
  ['user namespaces', 'unshare: unshare failed: No space left on device', '"sysctl -w user.max_user_namespaces=15000" as root allows them'],
];

for (const [refused, why, remedy] of refusals) {
  t.test(`a host without ${refused} for users`, { skip: !isRoot && 'only root can take them from somebody' }, async (t) => {
    const sentence = `${refused}: refused here (${why}): ${remedy}`;
    const up = runAsOrdinaryUser('orchestrator/main.ts', ['sandbox', 'up', '--name', 'refused'], { refused });
    t.equal(up.status, 1);
    t.equal(up.stderr, `axoneme: sandbox: without root: ${sentence} (SANDBOX_FAILED)\n`);
    const demo = runAsOrdinaryUser('orchestrator/main.ts', ['demo'], { refused });
    t.equal(demo.status, 0, demo.stderr);
    const [first] = demo.stdout.split('\n');
    t.equal(first, `A sandbox without root is not to be had: ${sentence}: here is the tour of the datapath instead.`);
    t.match(demo.stdout, /\d+ packets through /);
  });
}
