// Overlay: the tunnel device, which takes from each packet the node that it leads to.

import { errno } from '../datapath/kernel/errno.ts';
import { changeLink, createOverlay, findLink, ipv4Setting, type Link, linkFlag, overlayPort, removeLink, settingOf } from './links.ts';
import { overlayDevice } from './ours.ts';
import type { NodePlan } from './plan.ts';
import type { Failure, Session } from './session.ts';

/** What stood in the way, in words. A device of ours with another port is made anew; without a plan it goes. */
export function applyOverlay(session: Session, plan: NodePlan['overlay'], links: readonly Link[]): string[] {
  const name = plan?.device ?? overlayDevice;
  const stale = links.filter((link) => isOurOverlay(link) && (plan === undefined || link.name !== name));
  const problems = say(session.try(stale.map(({ index }) => removeLink(index, [errno.nodev]))));
  if (plan === undefined) return problems;
  const there = links.find((link) => link.name === name);
  if (there !== undefined && there.kind !== 'vxlan')
    return [...problems, `there is a ${there.kind || 'device'} of that name that is not ours`];
  if (there !== undefined && !isSame(there, plan.port)) problems.push(...say(session.try([removeLink(there.index, [errno.nodev])])));
  if (there === undefined || !isSame(there, plan.port)) problems.push(...say(session.try([createOverlay(name, plan.port, plan.mtu)])));
  const link = findLink(session, name);
  return link === undefined ? problems : [...problems, ...say(configure(session, link, plan.mtu))];
}

/** By its name, or by the alias that we give it. */
export function isOurOverlay(link: Link): boolean {
  return link.kind === 'vxlan' && (link.name === overlayDevice || link.alias === overlayDevice);
}

function isSame(link: Link, port: number): boolean {
  const found = overlayPort(link);
  return found.isOurs && found.port === port;
}

/** Packets are judged by the datapath: answers to clients of node ports come to the stack with an address of this node as source. */
const settings = [
  [ipv4Setting.rpFilter, 0],
  [ipv4Setting.acceptLocal, 1],
] as const;

function configure(session: Session, link: Link, mtu: number): Failure[] {
  const isSet =
    settings.every(([setting, value]) => settingOf(link, setting) === value) &&
    !link.makesAddresses &&
    link.mtu === mtu &&
    link.alias === overlayDevice;
  const isQuiet = (link.flags & linkFlag.noArp) !== 0;
  return session.try([
    ...(isSet ? [] : [changeLink(link.index, { mtu, alias: overlayDevice, noAddresses: true, ipv4: settings })]),
    ...(isQuiet && link.isUp ? [] : [changeLink(link.index, { noArp: true, isUp: true })]),
  ]);
}

function say(failures: readonly Failure[]): string[] {
  return failures.map(({ change, message }) => `${change.step}: ${message}`);
}
