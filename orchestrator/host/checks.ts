// Checks: what the kernel must allow so that a plan works. What may be set is set; the rest is explained.

import { readFileSync } from 'node:fs';
import { findLink } from './links.ts';
import { droppingChains, netfilterHook } from './nft/foreign-chains.ts';
import { isPodDevice, overlayDevice } from './ours.ts';
import type { HostCheck, NodePlan } from './plan.ts';
import type { Session } from './session.ts';
import { readSetting, settingDevices, writeSetting } from './settings.ts';
import { familyOf } from './side.ts';
import { findUnderlay } from './underlay.ts';

/** Bytes around a packet in the overlay. */
const overheads = { 4: 50, 6: 70 } as const;
/** Numbers of capabilities. */
const capabilities = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21 } as const;
const reasons = {
  CAP_NET_ADMIN: 'devices, routes and nft tables cannot be changed',
  CAP_SYS_ADMIN: "pods' network namespaces cannot be entered",
} as const;

/** Of the underlay: packets with a source of this node's own may come from there, for its datapath has made them so; a filter does not ask. */
const exposed = [
  ['accept_local', '1'],
  ['rp_filter', '2'],
] as const;

/** `address`: the one of this node by which its underlay was found, if it was not by the default route. */
export function checkHost(session: Session, netfilter: Session, plan: NodePlan, address?: string): HostCheck[] {
  const families = new Set(plan.router.map(familyOf));
  return [
    checkCapabilities(),
    ...(families.has(4) ? [forwarding('IPv4 forwarding', 'ipv4/conf/all/forwarding')] : []),
    ...(families.has(6) ? [keepRouters(), forwarding('IPv6 forwarding', 'ipv6/conf/all/forwarding')] : []),
    ...(families.has(4) ? [reversePath()] : []),
    ...(families.has(4) && plan.isExposed ? [ownSources(session, address)] : []),
    ...checkOverlay(session, plan, address),
    ...foreignDrops(netfilter),
  ];
}

/** What `checkHost` sets, where it is so: nobody knows whether it was before. */
export function settingsOfOurs(): string[] {
  const forwarding = ['ipv4/conf/all/forwarding', 'ipv6/conf/all/forwarding'].map((name) => [name, '1']);
  const routers = settingDevices('ipv6').map((device) => [`ipv6/conf/${device}/accept_ra`, '2']);
  const sources = settingDevices('ipv4')
    .filter((device) => device !== overlayDevice)
    .flatMap((device) => exposed.map(([setting, value]) => [`ipv4/conf/${device}/${setting}`, value]));
  const filter =
    readSetting('ipv4/conf/default/rp_filter') === '2'
      ? [
          ['ipv4/conf/default/rp_filter', '2'],
          ['ipv4/conf/all/rp_filter', '0'],
        ]
      : [];
  return [...forwarding, ...filter, ...sources, ...routers]
    .filter(([name = '', value]) => readSetting(name) === value)
    .map(([name = '', value]) => `net.${name.replaceAll('/', '.')} = ${value}`);
}

function checkCapabilities(): HostCheck {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/thread-self/status', 'latin1'))?.[1] ?? '0'}`);
  const missing = (Object.keys(capabilities) as (keyof typeof capabilities)[]).filter(
    (name) => ((effective >> BigInt(capabilities[name])) & 1n) === 0n,
  );
  const name = 'capabilities';
  if (missing.length === 0) return { name, ok: true, message: `${Object.keys(capabilities).join(' and ')} are there` };
  const message = missing.map((capability) => `${capability} is missing: ${reasons[capability]}`).join('; ');
  return { name, ok: false, message, hint: `give the agent ${missing.join(' and ')}` };
}

function forwarding(name: string, setting: string): HostCheck {
  const dotted = `net.${setting.replaceAll('/', '.')}`;
  const value = readSetting(setting);
  if (value === '1') return { name, ok: true, message: `${dotted} is 1` };
  if (value === undefined)
    return { name, ok: false, message: `${dotted} does not exist`, hint: 'this kernel has the protocol switched off' };
  const refused = writeSetting(setting, '1');
  if (refused === undefined) return { name, ok: true, message: `${dotted} was ${value} and is 1 now` };
  return { name, ok: false, message: `${dotted} is ${value} and cannot be set: ${refused}`, hint: `run: sysctl -w ${dotted}=1` };
}

/** A host that forwards no longer listens to router advertisements, unless a device is told to go on doing so. */
function keepRouters(): HostCheck {
  const name = 'IPv6 routers';
  const listening = settingDevices('ipv6').filter((device) => !isPodDevice(device) && readSetting(`ipv6/conf/${device}/accept_ra`) === '1');
  const failed = listening.filter((device) => device !== 'lo' && writeSetting(`ipv6/conf/${device}/accept_ra`, '2') !== undefined);
  if (failed.length === 0) return { name, ok: true, message: 'devices that listen to router advertisements go on doing so' };
  const [first] = failed;
  const message = `${failed.join(', ')} will forget the routes of router advertisements`;
  return { name, ok: false, message, hint: `run: sysctl -w net.ipv6.conf.${first}.accept_ra=2` };
}

/**
 * The greater of a device's setting and of that for all counts, and a device without an address, as those of pods and the overlay, takes no
 * source then that no route leads to, or that is this node's own: what answers of services have. So each device of others filters for
 * itself, loosely, as all did together.
 */
function reversePath(): HostCheck {
  const name = 'reverse path filter';
  const [setting, dotted] = ['ipv4/conf/all/rp_filter', 'net.ipv4.conf.all.rp_filter'];
  const value = readSetting(setting);
  if (value !== '1' && value !== '2') return { name, ok: true, message: `${dotted} is ${value}: each device filters for itself` };
  const devices = settingDevices('ipv4').filter((device) => !isPodDevice(device) && device !== overlayDevice);
  const settings = ['default', ...devices].map((device) => [`ipv4/conf/${device}/rp_filter`, '2'] as const);
  for (const [path, wanted] of [...settings, [setting, '0'] as const]) {
    const refused = readSetting(path) === wanted ? undefined : writeSetting(path, wanted);
    // A device may have gone meanwhile.
    if (refused === undefined || refused === 'ENOENT') continue;
    const message = `${dotted} is ${value} and cannot be set: ${refused}: packets that come and go by different devices are dropped`;
    return { name, ok: false, message, hint: `run: sysctl -w ${dotted}=0` };
  }
  return { name, ok: true, message: `${dotted} was ${value} and is 0 now: each device but ours filters for itself, loosely` };
}

/**
 * A client of a node port whose backend is elsewhere goes on from the underlay with the node's router address as source, and the answer to it
 * with the address that the client knows: both are this node's own. IPv6 does not ask where a packet's source is.
 */
function ownSources(session: Session, address: string | undefined): HostCheck {
  const name = 'sources of services';
  try {
    const { device } = findUnderlay(session, address);
    const changed: string[] = [];
    for (const [setting, value] of exposed) {
      const path = `ipv4/conf/${device}/${setting}`;
      const dotted = `net.${path.replaceAll('/', '.')}`;
      const before = readSetting(path);
      if (before === value || (setting === 'rp_filter' && before !== '1')) continue;
      const refused = writeSetting(path, value);
      if (refused !== undefined) {
        const message = `${dotted} is ${before} and cannot be set: ${refused}: clients of node ports reach no pods of other nodes`;
        return { name, ok: false, message, hint: `run: sysctl -w ${dotted}=${value}` };
      }
      changed.push(`${dotted} was ${before} and is ${value} now`);
    }
    return { name, ok: true, message: changed.length > 0 ? changed.join('; ') : `${device} takes packets with this node's own addresses` };
  } catch (error) {
    return { name, ok: false, message: (error as Error).message, hint: 'give this node a default route, or name its address' };
  }
}

function checkOverlay(session: Session, plan: NodePlan, address: string | undefined): HostCheck[] {
  if (plan.overlay === undefined) return [];
  const link = findLink(session, plan.overlay.device);
  const device: HostCheck =
    link?.kind === 'vxlan' && link.isUp
      ? { name: 'overlay', ok: true, message: `${link.name} is up, UDP port ${plan.overlay.port}` }
      : {
          name: 'overlay',
          ok: false,
          message: `${plan.overlay.device} is ${link === undefined ? 'missing' : link.kind === 'vxlan' ? 'down' : `a ${link.kind}`}`,
          hint: `see whether the kernel has vxlan, and whether something else uses UDP port ${plan.overlay.port} (ip -d link show type vxlan)`,
        };
  return [device, checkMtu(session, plan, address)];
}

function checkMtu(session: Session, plan: NodePlan, address: string | undefined): HostCheck {
  const name = 'MTU';
  const wanted = plan.overlay?.mtu ?? 0;
  const family = plan.peers.some(({ address }) => familyOf(address) === 6) ? 6 : 4;
  try {
    const { device, mtu } = findUnderlay(session, address);
    const room = mtu - overheads[family];
    if (wanted <= room) return { name, ok: true, message: `${wanted} in the overlay, ${mtu} on ${device}` };
    const message = `${wanted} in the overlay and ${overheads[family]} around it are more than the ${mtu} of ${device}`;
    return { name, ok: false, message, hint: `packets of pods may have ${room} bytes at most` };
  } catch (error) {
    return { name, ok: false, message: (error as Error).message, hint: 'give this node a default route, or name its address' };
  }
}

/** Chains of others that drop what is forwarded and not allowed by a rule of theirs. */
function foreignDrops(netfilter: Session): HostCheck[] {
  const name = 'foreign packet filters';
  const found = droppingChains(netfilter, netfilterHook.forward);
  if (found === undefined) return [];
  if (found.length === 0) return [{ name, ok: true, message: 'none drops what this node forwards' }];
  const message = `chain ${found.join(', chain ')} drops what no rule of it allows, pods' traffic to the world included`;
  return [{ name, ok: false, message, hint: `allow it there: iptables -I FORWARD -i axn+ -j ACCEPT, and -o axn+` }];
}
