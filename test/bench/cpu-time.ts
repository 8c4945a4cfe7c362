// CPU time of this thread: what work costs whoever else wants the processor at the moment.

import { loadKoffi } from '../../orchestrator/datapath/kernel/libc.ts';

const threadCpuTime = 3;
const spent = await threadClock();

/** Milliseconds of CPU time that this thread has had. */
export function threadMs(): number {
  return spent() / 1e6;
}

/** Nanoseconds of this thread's CPU time that one of `count` operations took. */
export function cpuTimePerOperation(count: number, work: () => unknown): number {
  const before = spent();
  work();
  return (spent() - before) / count;
}

/** Nanoseconds by clock_gettime(2). Where koffi is absent, by what Node knows, which moves on only with the scheduler's tick. */
async function threadClock(): Promise<() => number> {
  try {
    const koffi = await loadKoffi();
    const getTime = koffi.load('libc.so.6').func('int clock_gettime(int clock, void *time)');
    const time = new BigInt64Array(2);
    return () => {
      getTime(threadCpuTime, time);
      return Number(time[0]) * 1e9 + Number(time[1]);
    };
  } catch {
    return () => {
      const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
      return (user + system) * 1000;
    };
  }
}
