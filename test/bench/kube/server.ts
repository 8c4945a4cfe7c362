// An API server with as many pods as are asked for, each as large as pods are; it lists them in pages and leaves watches open.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One pod as an API server writes it: about 5 kB, of which more than a third only the server needs. */
function podText(at: number): string {
  const hex = at.toString(16).padStart(8, '0');
  return template
    .replaceAll('#HEX#', hex)
    .replaceAll('#AT#', String(at))
    .replaceAll('#IP#', `10.${at >> 14}.${(at >> 7) & 127}.${at & 127}`);
}

const env = Array.from({ length: 12 }, (_, i) => ({ name: `SETTING_${i}`, value: `value-of-setting-${i}-for-#HEX#` }));
const managedFields = ['kube-controller-manager', 'kubelet'].map((manager) => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`f:field-${manager}-${i}`, { '.': {}, 'f:value': {} }])),
}));
const template = JSON.stringify({
  metadata: {
    name: 'shop-#HEX#',
    namespace: 'team-7',
    uid: '0f5f3a9c-0000-4000-8000-0000#HEX#',
    resourceVersion: '#AT#',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { app: 'shop', tier: 'front', version: 'v#AT#', 'pod-template-hash': '#HEX#' },
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ env }) },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop', uid: '#HEX#', controller: true }],
    managedFields,
  },
  spec: {
    nodeName: 'node-#AT#',
    serviceAccountName: 'shop',
    containers: [{ name: 'c', image: 'image:1', env, ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] }],
    tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
  },
  status: {
    phase: 'Running',
    podIP: '#IP#',
    podIPs: [{ ip: '#IP#' }],
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    })),
  },
});

export async function startPods(count: number): Promise<{ url: string; close: () => Promise<void> }> {
  const server: Server = createServer((request, answer) => {
    const url = new URL(request.url ?? '/', 'http://server');
    answer.writeHead(200, { 'content-type': 'application/json' });
    if (url.searchParams.has('watch')) {
      answer.flushHeaders();
      return;
    }
    const from = Number(url.searchParams.get('continue') ?? 0);
    const end = Math.min(from + Number(url.searchParams.get('limit')), count);
    const metadata = JSON.stringify({ resourceVersion: String(count), continue: end < count ? String(end) : '' });
    answer.write(`{"kind":"PodList","apiVersion":"v1","metadata":${metadata},"items":[`);
    answer.end(`${Array.from({ length: end - from }, (_, i) => podText(from + i)).join(',')}]}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
