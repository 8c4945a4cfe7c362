// Time of the processor: what this process itself took, however busy the machine is.

/** Milliseconds since `before`, a `process.cpuUsage()`. */
export function processorMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 1000);
}
