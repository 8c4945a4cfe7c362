// Subset: what the tree can say and the core still must not.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
import type { Core } from './tree.ts';
import type { Violations } from './violations.ts';

export function checkSubset(_core: Core, _mapNames: ReadonlySet<string>, _violations: Violations): void {}
