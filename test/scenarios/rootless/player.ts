// Plays every scenario on a sandbox that an ordinary user has, in its namespaces: `player.ts NAME [turned]`.
import { attachSandbox } from '../../../orchestrator/sandbox/open.ts';
import { startBeside } from '../../../orchestrator/sandbox/rootless.ts';

const [name = '', turned] = process.argv.slice(2);
const status = await startBeside(name);
if (status === undefined) {
  const { default: t } = await import('tap');
  const { playOn } = await import('../suite.ts');
  t.setTimeout(900_000);
  await playOn(t, await attachSandbox(name), { isTurned: turned === 'turned' });
} else {
  process.exitCode = status;
}
