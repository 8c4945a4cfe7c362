// The labels of a pod's identity.

import t from 'tap';
import { makeLabelFilter } from '../../orchestrator/model/label-filter.ts';
import { podLabels } from '../../orchestrator/model/pod-labels.ts';

const pod = { namespace: 'shop', labels: { app: 'web' }, namespaceLabels: { team: 'blue' }, serviceAccount: 'web', cluster: 'default' };

t.test('a pod has its own labels, those of its namespace, and where it runs as whom', async (t) => {
  t.same(
    [...podLabels(pod)].map(({ source, key, value }) => `${source}:${key}=${value}`),
    [
      'k8s:app=web',
      'k8s:io.cilium.k8s.namespace.labels.team=blue',
      'k8s:io.cilium.k8s.policy.cluster=default',
      'k8s:io.cilium.k8s.policy.serviceaccount=web',
      'k8s:io.kubernetes.pod.namespace=shop',
    ],
  );
});

t.test('without a service account there is no label of one', async (t) => {
  for (const serviceAccount of [undefined, '']) {
    t.same(podLabels({ ...pod, serviceAccount }).values('any', 'io.cilium.k8s.policy.serviceaccount'), []);
  }
});

t.test('labels that change with every copy of a pod do not make another identity', async (t) => {
  const copies = ['abc', 'def'].map((hash) => podLabels({ ...pod, labels: { ...pod.labels, 'pod-template-hash': hash } }));
  t.equal(copies[0]?.text, podLabels(pod).text);
  t.equal(copies[0]?.text, copies[1]?.text);
});

t.test('a pod cannot say where it runs, as whom, or what its namespace’s labels are', async (t) => {
  const liar = {
    'io.kubernetes.pod.namespace': 'kube-system',
    'io.cilium.k8s.policy.cluster': 'other',
    'io.cilium.k8s.policy.serviceaccount': 'admin',
    'io.cilium.k8s.namespace.labels.team': 'red',
    'io.cilium.k8s.namespace.labels.trusted': 'yes',
  };
  t.equal(podLabels({ ...pod, labels: { ...pod.labels, ...liar } }).text, podLabels(pod).text);
  const { serviceAccount, ...anonymous } = pod;
  t.equal(
    podLabels({ ...anonymous, labels: { ...pod.labels, ...liar } }).text,
    podLabels(anonymous).text,
    'not even where nothing is known',
  );
});

t.test('another filter may be given', async (t) => {
  t.same(podLabels(pod, makeLabelFilter(['!app'])).values('k8s', 'app'), []);
});
