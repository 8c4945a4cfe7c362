// The label filter: which labels of a pod make its identity.

import t from 'tap';
import { defaultLabelFilter, filterLabels, keepsLabel, makeLabelFilter } from '../../orchestrator/model/label-filter.ts';
import type { Label } from '../../orchestrator/model/labels.ts';

function label(text: string): Label {
  const [source = '', key = ''] = text.split(/:(.*)/);
  return { source, key, value: 'x' };
}

t.test('by default, labels of a pod’s own are kept and those that tell one copy from another are not', async (t) => {
  const rows: [label: string, kept: boolean][] = [
    ['k8s:app', true],
    ['k8s:helm.sh/chart', true],
    ['k8s:app.kubernetes.io/name', true],
    ['k8s:io.kubernetes.pod.namespace', true],
    ['k8s:io.cilium.k8s.policy.cluster', true],
    ['k8s:io.cilium.k8s.policy.serviceaccount', true],
    ['k8s:io.cilium.k8s.namespace.labels.team', true],
    ['k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name', true],
    ['reserved:host', true],
    ['reserved:kube-apiserver', true],
    ['k8s:io.kubernetes.container.name', false],
    ['k8s:io.kubernetes.pod.uid', false],
    ['k8s:kubernetes.io/hostname', false],
    ['k8s:k8s.io/cluster-autoscaler', false],
    ['k8s:beta.kubernetes.io/arch', false],
    ['k8s:failure-domain.beta.kubernetes.io/zone', false],
    ['k8s:topology.kubernetes.io/zone', false],
    ['k8s:statefulset.kubernetes.io/pod-name', false],
    ['k8s:apps.kubernetes.io/pod-index', false],
    ['k8s:batch.kubernetes.io/job-completion-index', false],
    ['k8s:batch.kubernetes.io/controller-uid', false],
    ['k8s:pod-template-hash', false],
    ['k8s:pod-template-generation', false],
    ['k8s:controller-revision-hash', false],
    ['k8s:controller-uid', false],
    ['k8s:annotation.io.kubernetes.config', false],
    ['k8s:etcd_node', false],
    // The beginning decides: elsewhere in the key the same words mean nothing.
    ['k8s:my-pod-template-hash', true],
    ['k8s:example.com/k8s.io', true],
    ['k8s:batch.kubernetes.io/job-name', true],
  ];
  for (const [text, kept] of rows) t.equal(keepsLabel(defaultLabelFilter, label(text)), kept, text);
});

t.test('an ignored prefix is taken off the default', async (t) => {
  const filter = makeLabelFilter(['!team', 'k8s:!helm\\.sh']);
  const kept = filterLabels(filter, ['k8s:app', 'k8s:team', 'k8s:teams', 'k8s:helm.sh/chart', 'reserved:helm.sh'].map(label));
  t.equal(kept.text, 'k8s:app=x;reserved:helm.sh=x;');
});

t.test('one included prefix makes everything else go that nothing includes', async (t) => {
  const filter = makeLabelFilter(['k8s:app']);
  const kept = filterLabels(filter, ['k8s:app', 'k8s:tier', 'other:app', 'k8s:io.kubernetes.pod.namespace', 'reserved:host'].map(label));
  t.equal(kept.text, 'k8s:app=x;k8s:io.kubernetes.pod.namespace=x;reserved:host=x;');
});

t.test('of including and ignoring, the one that matches more of the key wins', async (t) => {
  const filter = makeLabelFilter(['!foo', 'foo\\.bar', '!foo\\.bar\\.secret']);
  const rows: [key: string, kept: boolean][] = [
    ['foo', false],
    ['foo.x', false],
    ['foo.bar', true],
    // The shortest of those that ignore is compared, as Cilium does.
    ['foo.bar.secret', true],
  ];
  for (const [key, kept] of rows) t.equal(keepsLabel(filter, { source: 'k8s', key, value: '' }), kept, key);
});

t.test('a filter may start from nothing', async (t) => {
  const filter = makeLabelFilter(['!secret.*'], { patterns: [], onlyIncluded: false });
  t.equal(
    filterLabels(filter, ['k8s:app', 'k8s:secret-key', 'k8s:kubernetes.io/hostname'].map(label)).text,
    'k8s:app=x;k8s:kubernetes.io/hostname=x;',
  );
});

t.test('a line that is no pattern is refused with its text', async (t) => {
  t.throws(() => makeLabelFilter(['k8s:!']), new TypeError('label filter: no expression: "k8s:!"'));
  t.throws(() => makeLabelFilter(['(']), new TypeError('label filter: not a regular expression: "("'));
});
