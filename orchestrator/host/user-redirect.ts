// User redirect: the same way to the proxy and back where packets go through WebAssembly: with a TUN device of its own between pods and the
// proxy's sockets.

import type { Libc } from '../datapath/kernel/libc.ts';
import { familiesOf } from './host.ts';
import { proxyDevice } from './ours.ts';
import type { HostCheck, HostProblem, NodePlan } from './plan.ts';
import { Redirect, subject } from './redirect.ts';
import type { Session } from './session.ts';
import { applyTunDevice, removeTun } from './user-node.ts';

/**
 * Answers that wait for the datapath: as many as the proxy may give at once, when it comes to run after a while. The kernel drops what finds no
 * room without a word, and from its 500 on.
 */
const answersWaiting = 16_384;

export interface UserRedirectPlace {
  readonly libc: Libc;
  readonly session: Session;
  readonly netfilter: Session;
}

export class UserRedirect {
  readonly #place: UserRedirectPlace;
  readonly #redirect: Redirect;
  #mtu: number | undefined;

  constructor(place: UserRedirectPlace) {
    this.#place = place;
    this.#redirect = new Redirect({ ...place, sign: 'device' });
  }

  want(proxyPort: number | undefined): HostProblem[] {
    this.#redirect.want(proxyPort);
    return this.#apply();
  }

  planned(plan: NodePlan): HostProblem[] {
    this.#mtu = plan.own?.mtu;
    this.#redirect.setFamilies(familiesOf(plan));
    return this.#apply();
  }

  checks(): HostCheck[] {
    return this.#redirect.checks();
  }

  /** The device before what leads to it; it goes last. */
  #apply(): HostProblem[] {
    const { libc, session } = this.#place;
    const problems: HostProblem[] = [];
    // The device's name is no problem's subject: a node without it serves its pods all the same.
    const device = { libc, session, name: proxyDevice, mtu: this.#mtu, queue: answersWaiting };
    if (this.#redirect.isWanted === true) applyTunDevice(device, problems);
    const all = this.#redirect.apply(problems.map(({ message }) => ({ subject, message: `device ${proxyDevice}: ${message}` })));
    if (this.#redirect.isWanted === false) removeTun(session, proxyDevice);
    return [...all];
  }
}
