// What the policy writer does where maps are full, after a restart, and with proxies; and how it spells entries.

import t from 'tap';
import * as enums from '../../../orchestrator/datapath/generated/enums.ts';
import { endpointsSpec, epochsSpec, ipcacheSpec, policySpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { PolicyWriter } from '../../../orchestrator/datapath/reconcile/policy.ts';
import { entryRow, type ProxyPorts, policyEntry, writtenRow } from '../../../orchestrator/datapath/reconcile/policy-entry.ts';
import type { PolicyChange, PolicyRow } from '../../../orchestrator/datapath/reconcile/rows.ts';
import { AgentError } from '../../../orchestrator/errors.ts';
import { addressWords, swapPort } from '../../../orchestrator/net/words.ts';
import { endpointRow, machines, prefixRows, send, type TestDatapath } from './node.ts';
import { watched } from './watched.ts';

t.setTimeout(600_000);

const nothing: PolicyChange = { put: [], removed: [], removedSets: [], endpoints: new Map(), removedEndpoints: [], changedSets: [] };
const both = { ingress: true, egress: true };

function row(set: number, identity: number, precedence: number, more: Partial<PolicyRow> = {}): PolicyRow {
  const every = { protocol: 0, anyProtocol: true, port: 0, portBits: 0 };
  return { set, direction: 'egress', identity, ...every, precedence, proxy: undefined, rule: 5, ...more };
}

function allows(set: number, from: number, count: number): PolicyRow[] {
  return Array.from({ length: count }, (_, index) => row(set, from + index, 1));
}

function policy(change: Partial<PolicyChange>): PolicyChange {
  return { ...nothing, ...change };
}

async function policyRows(datapath: TestDatapath): Promise<number> {
  return datapath.map(policySpec).count();
}

/** Verdict of a packet that endpoint `endpoint` sends to the pod of an identity. */
async function sends(datapath: TestDatapath, endpoint: number, peer: number, sourcePort: number): Promise<string> {
  return send(datapath, { endpoint, direction: 'egress', peer, protocol: 'tcp', port: 80 }, sourcePort);
}

t.test('a row is spelled as the core reads it, and read back', async (t) => {
  const tcp80 = { protocol: 6, anyProtocol: false, port: 80, portBits: 16 };
  const ports: ProxyPorts = { http: 15001 };
  const [key, entry] = policyEntry(writtenRow(row(7, 300, 154, { ...tcp80, proxy: 'http', rule: 9 }), ports));
  t.same(key, {
    prefixLength: enums.POLICY_PREFIX_PORT,
    set: 7,
    identity: 300,
    direction: enums.DIRECTION_EGRESS,
    protocol: 6,
    port: swapPort(80),
  });
  t.same(entry, { rule: 9, proxyPort: swapPort(15001), matchLength: 25, precedence: 154 });
  for (const given of [
    row(1, 0, 255),
    row(1, 3, 1, tcp80),
    row(1, 3, 1, { ...tcp80, portBits: 12 }),
    row(1, 2, 1, { ...tcp80, port: 0, portBits: 0 }),
  ]) {
    const written = writtenRow(given, ports);
    t.same(entryRow(...policyEntry(written)), written);
  }
  t.equal(policyEntry(writtenRow(row(1, 3, 154, { proxy: 'tls' }), ports))[1].proxyPort, 0, 'no proxy of that kind');
});

for (const { name, open, skip } of machines) {
  t.test(name, { skip: await skip() }, async (t) => {
    t.test('where not all fits, what is denied or goes is in force and what is newly allowed is not', async (t) => {
      const datapath = await open(8);
      const writer = await PolicyWriter.open(datapath);
      writer.stage({
        policy: policy({ put: allows(1, 300, 6), endpoints: new Map([[1, { set: 1, enforced: both }]]) }),
        endpoints: { put: [endpointRow(1, 256)] },
        prefixes: { put: [300, 301, 306].flatMap(prefixRows) },
      });
      t.same(await writer.write(), []);
      t.same([await sends(datapath, 1, 300, 1), await sends(datapath, 1, 301, 1)], ['pass', 'pass']);

      const more = [row(1, 300, 255), row(1, 400, 255), ...allows(1, 306, 5)];
      writer.stage({ policy: policy({ put: more, removed: [row(1, 301, 1)], changedSets: [1] }) });
      t.same(await writer.write(), [{ kind: 'partial', set: 1, endpoints: [1], missing: 5, capacity: 8 }]);
      t.same(
        [await sends(datapath, 1, 300, 2), await sends(datapath, 1, 301, 2), await sends(datapath, 1, 306, 2)],
        ['drop', 'drop', 'drop'],
      );
      t.equal(await sends(datapath, 1, 300, 1), 'drop', 'a live flow is asked again');
      t.equal(await policyRows(datapath), 6);

      writer.stage({ policy: policy({ removed: allows(1, 302, 4), changedSets: [1] }) });
      t.same(await writer.write(), [], 'there is room now, also for what did not fit before');
      t.equal(await sends(datapath, 1, 306, 3), 'pass');
      t.equal(await policyRows(datapath), 7);
      await datapath.close();
    });

    t.test('where not even denies fit, a set stays as it was, and an endpoint that had none is closed', async (t) => {
      const datapath = await open(8);
      const writer = await PolicyWriter.open(datapath);
      writer.stage({
        policy: policy({ put: allows(1, 300, 7), endpoints: new Map([[1, { set: 1, enforced: both }]]) }),
        endpoints: { put: [endpointRow(1, 256)] },
        prefixes: { put: prefixRows(300) },
      });
      t.same(await writer.write(), []);
      const denies = (set: number): PolicyRow[] =>
        [300, 301, 302].map((identity) => row(set, identity, 255, { port: 80, protocol: 6, anyProtocol: false, portBits: 16 }));
      writer.stage({
        policy: policy({ put: [...denies(1), ...denies(2), row(2, 0, 1)], endpoints: new Map([[2, { set: 2, enforced: both }]]) }),
        endpoints: { put: [endpointRow(2, 257)] },
      });
      t.match(
        (await writer.write()).sort((a, b) => a.set - b.set),
        [
          { kind: 'stale', set: 1, endpoints: [1], missing: 3 },
          { kind: 'closed', set: 2, endpoints: [2], missing: 4 },
        ],
      );
      t.same([await sends(datapath, 1, 300, 1), await sends(datapath, 2, 300, 1)], ['pass', 'drop']);
      t.equal(await policyRows(datapath), 7);
      await datapath.close();
    });

    t.test('a set that shrinks makes room for one that grows', async (t) => {
      const datapath = await open(8);
      const writer = await PolicyWriter.open(datapath);
      writer.stage({
        policy: policy({ put: allows(1, 300, 7), endpoints: new Map([[1, { set: 1, enforced: both }]]) }),
        endpoints: { put: [endpointRow(1, 256)] },
      });
      await writer.write();
      writer.stage({
        policy: policy({ put: allows(2, 300, 6), removed: allows(1, 300, 6), endpoints: new Map([[2, { set: 2, enforced: both }]]) }),
        endpoints: { put: [endpointRow(2, 257)] },
      });
      t.same(await writer.write(), []);
      t.equal(await policyRows(datapath), 7);
      await datapath.close();
    });

    t.test('a map that refuses before its time is as full as it says', async (t) => {
      const datapath = await open(64);
      let left = 4;
      const beforeStep = (map: string): void => {
        if (map === 'policy' && left-- <= 0) throw new AgentError('MAP_FULL', 'map policy: update: full');
      };
      const watch = { beforeStep };
      const writer = await PolicyWriter.open(watched(datapath, watch));
      writer.stage({
        policy: policy({ put: [...allows(1, 300, 6), row(1, 306, 255)], endpoints: new Map([[1, { set: 1, enforced: both }]]) }),
        endpoints: { put: [endpointRow(1, 256)] },
      });
      t.match(await writer.write(), [{ kind: 'partial', set: 1, missing: 3, capacity: 4 }], 'the deny was put first');
      left = 100;
      t.same(await writer.write(), []);
      t.equal(await policyRows(datapath), 7);
      await datapath.close();
    });

    t.test('a writer takes over what it finds, and lets go of it when it is told what is wanted', async (t) => {
      const datapath = await open();
      const first = await PolicyWriter.open(datapath);
      const put = { put: [endpointRow(1, 256)] };
      first.stage({
        policy: policy({ put: [row(1, 0, 1)], endpoints: new Map([[1, { set: 1, enforced: both }]]) }),
        endpoints: put,
        prefixes: { put: prefixRows(300) },
      });
      await first.write();
      const epochs = await datapath.map(epochsSpec).count();
      const second = await PolicyWriter.open(datapath);
      t.equal(second.nextSet, 2);
      second.stage({ endpoints: put });
      await second.write();
      t.equal(await sends(datapath, 1, 300, 1), 'pass', 'nothing is wanted of its policy yet, so it has what it had');
      second.stage({ policy: policy({ put: [row(2, 300, 255)], endpoints: new Map([[1, { set: 2, enforced: both }]]) }) });
      await second.write();
      t.equal(await policyRows(datapath), 2, 'the old set is still there');
      second.prune();
      await second.write();
      t.equal(await policyRows(datapath), 1);
      t.equal(await datapath.map(ipcacheSpec).count(), 0);
      t.equal(await datapath.map(epochsSpec).count(), epochs, 'no new slots');
      t.equal(await sends(datapath, 1, 300, 1), 'drop', 'a live flow of the old set is asked again');
      await datapath.close();
    });

    t.test('an endpoint is told that its set has no row for every peer, but never while there is one', async (t) => {
      const datapath = await open();
      const states: string[] = [];
      const note = async (): Promise<void> => {
        let isForAll = false;
        for await (const [{ set, identity }] of datapath.map(policySpec).entries()) if (set === 1 && identity === 0) isForAll = true;
        const endpoint = await datapath.map(endpointsSpec).get(addressWords('fd00::1'));
        states.push(`${isForAll ? 'row' : 'no row'}, flags ${endpoint?.flags}`);
      };
      const writer = await PolicyWriter.open(watched(datapath, { onStep: note }));
      const [egress, ingress] = [row(1, 0, 1), row(1, 0, 1, { direction: 'ingress' })];
      writer.stage({
        policy: policy({ put: [row(1, 300, 255), ingress], endpoints: new Map([[1, { set: 1, enforced: both }]]) }),
        endpoints: { put: [endpointRow(1, 256)] },
      });
      await writer.write();
      t.equal(states.at(-1), 'row, flags 19', 'enforced in both directions, and for egress there are peers only');
      states.length = 0;
      writer.stage({ policy: policy({ put: [egress], removed: [ingress], changedSets: [1] }) });
      await writer.write();
      t.equal(states.at(-1), 'row, flags 35');
      states.length = 0;
      writer.stage({ policy: policy({ removed: [egress], changedSets: [1] }) });
      await writer.write();
      t.equal(states.at(-1), 'no row, flags 51');
      t.notOk(states.includes('row, flags 51'));
      states.length = 0;
      writer.stage({ policy: policy({ put: [egress], changedSets: [1] }) });
      await writer.write();
      t.equal(states.at(-1), 'row, flags 35');
      t.notOk(states.includes('row, flags 51'));
      await datapath.close();
    });

    t.test('an endpoint that nothing is known of is closed', async (t) => {
      const datapath = await open();
      const writer = await PolicyWriter.open(datapath);
      writer.stage({ endpoints: { put: [endpointRow(1, 256)] }, prefixes: { put: prefixRows(300) } });
      await writer.write();
      t.equal(await sends(datapath, 1, 300, 1), 'drop');
      await datapath.close();
    });

    t.test('an old set stays until the endpoint has the new one', async (t) => {
      const datapath = await open();
      const sets: string[] = [];
      const writer = await PolicyWriter.open(
        watched(datapath, {
          onStep: async (map) => {
            if (map === 'policy' || map === 'endpoints') sets.push(`${map} ${await policyRows(datapath)}`);
          },
        }),
      );
      writer.stage({
        policy: policy({ put: [row(1, 0, 1)], endpoints: new Map([[1, { set: 1, enforced: both }]]) }),
        endpoints: { put: [endpointRow(1, 256)] },
      });
      await writer.write();
      sets.length = 0;
      writer.stage({
        policy: policy({
          put: [row(2, 0, 1)],
          removed: [row(1, 0, 1)],
          removedSets: [1],
          endpoints: new Map([[1, { set: 2, enforced: both }]]),
        }),
      });
      await writer.write();
      t.same(sets, ['policy 2', 'endpoints 2', 'endpoints 2', 'policy 1']);
      await datapath.close();
    });
  });
}
