// CPU time of this thread: what work costs whoever else wants the processor at the moment.

/** Nanoseconds of this thread's CPU time that one of `count` operations took; counted in microseconds, so rounds are of milliseconds. */
export function cpuTimePerOperation(count: number, work: () => unknown): number {
  const before = spent();
  work();
  return ((spent() - before) * 1000) / count;
}

/** Microseconds; of the whole process where Node does not know its threads apart (before 23.9). */
function spent(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return user + system;
}
