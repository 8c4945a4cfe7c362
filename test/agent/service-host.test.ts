// Services in the host's network: which addresses and ports the frontends mean, and that they are served whenever these change.

import t from 'tap';
import { ServiceHost, servicePlan } from '../../orchestrator/agent/service-host.ts';
import { ServiceView } from '../../orchestrator/enforcement/service-view.ts';
import type { ServicePlan } from '../../orchestrator/host/plan.ts';
import { openLog } from '../../orchestrator/log.ts';
import { type FrontendRow, socketKey } from '../../orchestrator/model/service/rows.ts';
import { realClock } from '../../orchestrator/state/clock.ts';

function frontend(address: string, port: number, changes: Partial<FrontendRow> = {}): FrontendRow {
  const protocol = port === 0 ? 0 : 6;
  return {
    key: `${socketKey(address, protocol, port)} ${changes.scope ?? ''}`,
    ...{ address, protocol, port, scope: 'inside', service: 'shop/web', portName: 'http', type: 'ClusterIP' },
    ...{ backends: [], weights: [], affinitySeconds: 0, sourceRanges: [], algorithm: 'maglev', isDirect: false, why: '' },
    ...changes,
  };
}

const own = ['172.31.0.10', 'fd31::10', '10.1.0.1'];

t.test('addresses are those that no node has, node ports those of the address that stands for all of its own', (t) => {
  const plan = servicePlan(
    [
      frontend('10.96.0.10', 80),
      frontend('10.96.0.10', 0, { type: 'closed' }),
      frontend('fd00:96::a', 80),
      frontend('203.0.113.5', 80, { type: 'LoadBalancer', scope: 'outside' }),
      frontend('172.31.0.10', 30_080, { type: 'NodePort', scope: 'outside' }),
      frontend('169.254.77.77', 30_080, { type: 'NodePort', scope: 'outside' }),
      frontend('169.254.77.77', 30_080, { type: 'NodePort' }),
      frontend('169.254.77.77', 0, { type: 'closed' }),
      frontend('fd00:77::77', 30_081, { type: 'NodePort', protocol: 17 }),
    ],
    own,
  );
  t.same(plan, { addresses: ['10.96.0.10', 'fd00:96::a', '203.0.113.5'], nodePorts: { 4: [[6, 30_080]], 6: [[17, 30_081]] } });
  t.end();
});

t.test('what comes together is served once, nothing before services are in force, and problems are told and tried again', async (t) => {
  const view = new ServiceView();
  const served: ServicePlan[] = [];
  const lines: string[] = [];
  let isInForce = false;
  let problem = '';
  const host = {
    addresses: () => own,
    async serve(plan: ServicePlan) {
      served.push(plan);
      return problem === '' ? [] : [{ subject: 'node ports', message: problem }];
    },
  };
  const log = openLog({ write: (line) => void lines.push(line), now: () => new Date(0) }).room('host');
  const loop = new ServiceHost({ host, frontends: view.frontends.table, isInForce: () => isInForce, clock: realClock, log });
  const stop = new AbortController();
  const running = loop.run({ signal: stop.signal });
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const put = (...rows: FrontendRow[]) => {
    for (const row of rows) view.frontends.writer.put({ ...row, changedAt: '', change: '' });
  };
  put(frontend('10.96.0.10', 80));
  await new Promise((resolve) => setTimeout(resolve, 120));
  t.same(served, [], 'nothing yet');
  isInForce = true;
  await until(() => served.length === 1);
  put(frontend('10.96.0.11', 80), frontend('10.96.0.12', 80));
  await until(() => served.length === 2);
  t.same(served[1]?.addresses, ['10.96.0.10', '10.96.0.11', '10.96.0.12']);
  problem = 'no nf_tables';
  put(frontend('10.96.0.13', 80));
  await until(() => loop.problems().length > 0);
  t.same(loop.problems(), ['node ports: no nf_tables']);
  t.match(lines.join(), /services are not reached from everywhere/);
  problem = '';
  put(frontend('10.96.0.14', 80));
  await until(() => loop.problems().length === 0);
  stop.abort();
  await running;
});
