// Hierarchy: where processes are grouped for resources, and for programs on their sockets.

/** Where a cgroup2 is mounted, by the text of /proc/self/mountinfo. */
export function unifiedHierarchy(mountinfo: string): string | undefined {
  const line = mountinfo.split('\n').find((each) => / - cgroup2 /.test(each));
  return line?.split(' ')[4];
}
