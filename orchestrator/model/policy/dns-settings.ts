// DNS settings: how long addresses of names stay granted, as annotations of a policy say.

export interface DnsSettings {
  /** Seconds for which an answer holds at least. */
  readonly minTtl: number;
  /** Seconds added to that. */
  readonly grace: number;
  /** Names of the CNAME chain are held against selectors as well. */
  readonly each: boolean;
}

/** An answer with TTL 0 is for the connection that is being made, which takes a moment. */
export const defaultDnsSettings: DnsSettings = { minTtl: 1, grace: 0, each: false };

export const dnsAnnotations = {
  minTtl: 'axoneme.io/dns-min-ttl',
  grace: 'axoneme.io/dns-grace',
  each: 'axoneme.io/dns-cname-names',
} as const;

/** A week. */
const longest = 604_800;
const secondsOf = { h: 3600, m: 60, s: 1 } as const;

/** What does not mean anything is as if it was not there; `problems` tells each with its annotation and value. */
export function readDnsSettings(annotations: Readonly<Record<string, unknown>> = {}): {
  readonly settings: DnsSettings;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const ignored = (name: string, value: unknown, wanted: string) => {
    problems.push(`${name}: ${wanted}: ${JSON.stringify(value)}`);
    return undefined;
  };
  const seconds = (name: string): number | undefined => {
    const value = annotations[name];
    if (value === undefined) return undefined;
    return durationSeconds(value) ?? ignored(name, value, 'not a duration of whole seconds up to a week, like 30s or 1m30s');
  };
  const truth = (name: string): boolean | undefined => {
    const value = annotations[name];
    if (value === undefined || value === 'true' || value === 'false') return value === undefined ? undefined : value === 'true';
    return ignored(name, value, 'neither true nor false');
  };
  const settings = {
    minTtl: seconds(dnsAnnotations.minTtl) ?? defaultDnsSettings.minTtl,
    grace: seconds(dnsAnnotations.grace) ?? defaultDnsSettings.grace,
    each: truth(dnsAnnotations.each) ?? defaultDnsSettings.each,
  };
  return { settings, problems };
}

/** Of several policies that grant the same, the one that grants more. */
export function widerSettings(one: DnsSettings, other: DnsSettings): DnsSettings {
  return { minTtl: Math.max(one.minTtl, other.minTtl), grace: Math.max(one.grace, other.grace), each: one.each || other.each };
}

function durationSeconds(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?$/.test(value) || value === '') return undefined;
  const sum = [...value.matchAll(/(\d+)([hms])/g)].reduce(
    (all, [, count, unit]) => all + Number(count) * secondsOf[unit as 'h' | 'm' | 's'],
    0,
  );
  return sum <= longest ? sum : undefined;
}
