// Resolves the benchmark's cluster in a process of its own and says how many megabytes it took at most, policies and identities included,
// above those of the idle process. Argument: part of the cluster.

import { filledResolver, worldOf } from './policy-metrics.ts';

const idle = process.memoryUsage.rss();
const resolver = filledResolver(worldOf(Number(process.argv[2] ?? 1)));
const { put } = resolver.takeChanges();
if (put.length === 0) throw new Error('no rows');
console.log((process.resourceUsage().maxRSS * 1024 - idle) / 1e6);
