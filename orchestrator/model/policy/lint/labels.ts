// Labels: selectors that ask for what no peer can carry.

import { defaultLabelFilter, keepsLabel } from '../../label-filter.ts';
import { keysOf, type LintRule, podSelectors } from './sites.ts';

export const labels: readonly LintRule[] = [
  {
    class: 'filtered-label',
    about: 'a label that makes no identity, such as pod-template-hash, selects nobody',
    *find(view) {
      for (const selector of podSelectors(view)) {
        for (const [written, place] of keysOf(selector)) {
          const [source = '', key = ''] = written.includes(':') ? written.split(':') : ['k8s', written];
          const label = { source: source === 'any' ? 'k8s' : source, key, value: '' };
          if (key === '' || keepsLabel(defaultLabelFilter, label)) continue;
          yield [place, `"${key}" is no part of an identity (it differs from pod to pod), so nothing carries it for policy`];
        }
      }
    },
  },
  {
    class: 'reserved-world',
    about: 'reserved:world as a label: addresses carry reserved:world-ipv4 or -ipv6, the entity world means them all',
    *find(view) {
      for (const selector of podSelectors(view)) {
        for (const [key, place] of keysOf(selector)) {
          if (key === 'reserved:world') yield [place, 'no address carries this label: write the entity world instead of the selector'];
        }
      }
    },
  },
];
