// How the policy commands read policies: as an agent of one cluster does by default.

import type { ReadOptions } from '../../model/policy/translate/scope.ts';

export const readOptions: ReadOptions = { clusterName: 'default', localCluster: true };
