// Names in the story: a pod reaches what it looked up itself, for as long as the answer counts. Another pod under the same policy does not.

import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from '../../api/client.ts';
import type { SandboxCluster } from '../../sandbox/sandbox.ts';
import { type Answer, Story } from './connection.ts';

/** What the world's names count for, and a little more. */
const lifeMs = 4_500;
const tellingMs = 3_000;
const refused = 'www.example.com';

/** Rows of the table: who asked whom, what came of it, and who decided. */
export async function names(cluster: SandboxCluster): Promise<(Answer & { readonly what: string })[]> {
  const story = new Story(cluster);
  const address = await addressOf(cluster, 'default/one', 'api.domain.com');
  const ask = async (from: string, host: string, what: string, allowed: boolean) => ({
    ...(await story.ask({ from, url: `http://${host}:443`, allowed })),
    what: `${from.replace('default/', '')} → ${what}`,
  });
  const reached = await ask('default/one', 'api.domain.com', 'api.domain.com', true);
  const since = Date.now();
  const rows = [reached, await refusal(cluster, story), await ask('default/two', address, `${address}, which only one looked up`, false)];
  await sleep(Math.max(0, since + lifeMs - Date.now()));
  rows.push(await ask('default/one', address, `${address}, looked up a while ago`, false));
  return rows;
}

/** While nobody is told of it: whether what may be looked up is reached, and what may not is not. */
export async function namesPass(cluster: SandboxCluster): Promise<boolean> {
  const story = new Story(cluster);
  const ask = (name: string, allowed: boolean) => story.passes({ from: 'default/one', url: `http://${name}:443`, allowed });
  const [reached, strange] = await Promise.all([ask('pay.domain.com', true), ask(refused, false)]);
  const others = await story.passes({
    from: 'default/two',
    url: `http://${await addressOf(cluster, 'default/one', 'pay.domain.com')}:443`,
    allowed: false,
  });
  return reached && !strange && !others;
}

async function refusal(cluster: SandboxCluster, story: Story) {
  const question = { from: 'default/one', url: `http://${refused}:443`, allowed: false };
  const passed = await story.passes(question);
  return { ...question, passed, decidedBy: await toldOf(cluster, refused), what: `one → ${refused}` };
}

/** Where a program in the pod found that it went to. */
async function addressOf(cluster: SandboxCluster, pod: string, name: string): Promise<string> {
  const words = ['curl', '-4', '-sS', '-m', '5', '-o', '/dev/null', '-w', '%{remote_ip}', `http://${name}:443`];
  return (await cluster.exec(pod, words)).stdout;
}

/** What the agent says of a name that was refused. */
async function toldOf(cluster: SandboxCluster, name: string): Promise<string> {
  const agent = openClient({ socket: cluster.node('b').socket });
  for (const end = Date.now() + tellingMs; Date.now() < end; await sleep(50)) {
    for await (const line of agent.lines('/v1/dns/log', { pod: 'default/one', name, verdict: 'DROPPED' }))
      return (line as { readonly Summary: string }).Summary;
  }
  return 'no agent told of it';
}
