// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Linkage: which of the module's functions are questions to which map. In the object the same questions are helper calls on the map
// itself, so this table is all that joins the two hosts; the differential run checks it on real maps.

import type { Linkage, LookupFunction } from './execution.ts';

const byReference = (map: string): LookupFunction => ({ map, key: 'reference' });
const byNumber = (map: string): LookupFunction => ({ map, key: 'number' });

const lookups: Readonly<Record<string, LookupFunction>> = {
  lookupConfig: { map: 'config', key: 'first' },
  lookupEpoch: byNumber('epochs'),
  lookupConntrack: byReference('conntrack'),
  lookupTranslation: byReference('translations'),
  lookupEndpoint: byReference('endpoints'),
  lookupPrefix: byReference('ipcache'),
  lookupNode: byNumber('nodes'),
  lookupPolicy: { map: 'policy', key: 'peer' },
  lookupGrant: byReference('grants'),
  lookupFrontend: byReference('frontends'),
  lookupSourceRange: byReference('source_ranges'),
  lookupMaglev: byNumber('maglev'),
  lookupBackend: byNumber('backends'),
  lookupAffinity: byReference('affinity'),
  lookupFragment: byReference('fragments'),
  lookupSocketConfig: { map: 'socket_config', key: 'first' },
  lookupSocketFlow: byReference('socket_flows'),
  lookupSocketReverse: byReference('socket_reverse'),
};

export const linkage: Linkage = { lookup: (name) => lookups[name] };
