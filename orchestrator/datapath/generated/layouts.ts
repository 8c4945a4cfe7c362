// Generated from datapath-as/core by kernel/codegen (npm run generate); do not edit.

import type { Codec } from '../layout.ts';

export const u32Codec: Codec<number> = {
  size: 4,
  encode(value, view, offset) {
    view.setUint32(offset, value, true);
  },
  decode(view, offset) {
    return view.getUint32(offset, true);
  },
};

export interface Config {
  flags: number;
  node: number;
  cluster: number;
  overlayPort: number;
  hairpin4: bigint;
  hairpin6Hi: bigint;
  hairpin6Lo: bigint;
  hostMac: bigint;
  router4: bigint;
  router6Hi: bigint;
  router6Lo: bigint;
  masqPortMin: number;
  masqPortMax: number;
  tunnelPort: number;
}

export const configCodec: Codec<Config> & { readonly layoutHash: string } = {
  size: 80,
  layoutHash: 'ad33242b38e0063e',
  encode(value, view, offset) {
    view.setUint32(offset, value.flags, true);
    view.setUint32(offset + 4, value.node, true);
    view.setUint32(offset + 8, value.cluster, true);
    view.setUint32(offset + 12, value.overlayPort, true);
    view.setBigUint64(offset + 16, value.hairpin4, true);
    view.setBigUint64(offset + 24, value.hairpin6Hi, true);
    view.setBigUint64(offset + 32, value.hairpin6Lo, true);
    view.setBigUint64(offset + 40, value.hostMac, true);
    view.setBigUint64(offset + 48, value.router4, true);
    view.setBigUint64(offset + 56, value.router6Hi, true);
    view.setBigUint64(offset + 64, value.router6Lo, true);
    view.setUint16(offset + 72, value.masqPortMin, true);
    view.setUint16(offset + 74, value.masqPortMax, true);
    view.setUint16(offset + 76, value.tunnelPort, true);
    view.setUint16(offset + 78, 0, true);
  },
  decode(view, offset) {
    return {
      flags: view.getUint32(offset, true),
      node: view.getUint32(offset + 4, true),
      cluster: view.getUint32(offset + 8, true),
      overlayPort: view.getUint32(offset + 12, true),
      hairpin4: view.getBigUint64(offset + 16, true),
      hairpin6Hi: view.getBigUint64(offset + 24, true),
      hairpin6Lo: view.getBigUint64(offset + 32, true),
      hostMac: view.getBigUint64(offset + 40, true),
      router4: view.getBigUint64(offset + 48, true),
      router6Hi: view.getBigUint64(offset + 56, true),
      router6Lo: view.getBigUint64(offset + 64, true),
      masqPortMin: view.getUint16(offset + 72, true),
      masqPortMax: view.getUint16(offset + 74, true),
      tunnelPort: view.getUint16(offset + 76, true),
    };
  },
};

export interface Conntrack {
  flags: number;
  expires: number;
  originEpoch: number;
  responderEpoch: number;
  originPort: number;
  responderPort: number;
  originPackets: bigint;
  originBytes: bigint;
  responderPackets: bigint;
  responderBytes: bigint;
  remoteNode: number;
  renewed: number;
  frontendHi: bigint;
  frontendLo: bigint;
  frontendPort: number;
  proxyPort: number;
  service: number;
  backend: number;
  generation: number;
  originIdentity: number;
  responderIdentity: number;
  egressRule: number;
  ingressRule: number;
  clientHi: bigint;
  clientLo: bigint;
  clientPort: number;
}

export const conntrackCodec: Codec<Conntrack> & { readonly layoutHash: string } = {
  size: 136,
  layoutHash: 'a8cc5e858450ae1d',
  encode(value, view, offset) {
    view.setUint32(offset, value.flags, true);
    view.setUint32(offset + 4, value.expires, true);
    view.setUint32(offset + 8, value.originEpoch, true);
    view.setUint32(offset + 12, value.responderEpoch, true);
    view.setUint32(offset + 16, value.originPort, true);
    view.setUint32(offset + 20, value.responderPort, true);
    view.setBigUint64(offset + 24, value.originPackets, true);
    view.setBigUint64(offset + 32, value.originBytes, true);
    view.setBigUint64(offset + 40, value.responderPackets, true);
    view.setBigUint64(offset + 48, value.responderBytes, true);
    view.setUint32(offset + 56, value.remoteNode, true);
    view.setUint32(offset + 60, value.renewed, true);
    view.setBigUint64(offset + 64, value.frontendHi, true);
    view.setBigUint64(offset + 72, value.frontendLo, true);
    view.setUint16(offset + 80, value.frontendPort, true);
    view.setUint16(offset + 82, value.proxyPort, true);
    view.setUint32(offset + 84, value.service, true);
    view.setUint32(offset + 88, value.backend, true);
    view.setUint32(offset + 92, value.generation, true);
    view.setUint32(offset + 96, value.originIdentity, true);
    view.setUint32(offset + 100, value.responderIdentity, true);
    view.setUint32(offset + 104, value.egressRule, true);
    view.setUint32(offset + 108, value.ingressRule, true);
    view.setBigUint64(offset + 112, value.clientHi, true);
    view.setBigUint64(offset + 120, value.clientLo, true);
    view.setUint16(offset + 128, value.clientPort, true);
    view.setUint16(offset + 130, 0, true);
    view.setUint32(offset + 132, 0, true);
  },
  decode(view, offset) {
    return {
      flags: view.getUint32(offset, true),
      expires: view.getUint32(offset + 4, true),
      originEpoch: view.getUint32(offset + 8, true),
      responderEpoch: view.getUint32(offset + 12, true),
      originPort: view.getUint32(offset + 16, true),
      responderPort: view.getUint32(offset + 20, true),
      originPackets: view.getBigUint64(offset + 24, true),
      originBytes: view.getBigUint64(offset + 32, true),
      responderPackets: view.getBigUint64(offset + 40, true),
      responderBytes: view.getBigUint64(offset + 48, true),
      remoteNode: view.getUint32(offset + 56, true),
      renewed: view.getUint32(offset + 60, true),
      frontendHi: view.getBigUint64(offset + 64, true),
      frontendLo: view.getBigUint64(offset + 72, true),
      frontendPort: view.getUint16(offset + 80, true),
      proxyPort: view.getUint16(offset + 82, true),
      service: view.getUint32(offset + 84, true),
      backend: view.getUint32(offset + 88, true),
      generation: view.getUint32(offset + 92, true),
      originIdentity: view.getUint32(offset + 96, true),
      responderIdentity: view.getUint32(offset + 100, true),
      egressRule: view.getUint32(offset + 104, true),
      ingressRule: view.getUint32(offset + 108, true),
      clientHi: view.getBigUint64(offset + 112, true),
      clientLo: view.getBigUint64(offset + 120, true),
      clientPort: view.getUint16(offset + 128, true),
    };
  },
};

export interface Translation {
  backendHi: bigint;
  backendLo: bigint;
  backendPort: number;
  flags: number;
  backend: number;
  service: number;
  generation: number;
  sourcePort: number;
}

export const translationCodec: Codec<Translation> & { readonly layoutHash: string } = {
  size: 40,
  layoutHash: 'fc39814835c1f7e6',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.backendHi, true);
    view.setBigUint64(offset + 8, value.backendLo, true);
    view.setUint16(offset + 16, value.backendPort, true);
    view.setUint16(offset + 18, value.flags, true);
    view.setUint32(offset + 20, value.backend, true);
    view.setUint32(offset + 24, value.service, true);
    view.setUint32(offset + 28, value.generation, true);
    view.setUint16(offset + 32, value.sourcePort, true);
    view.setUint16(offset + 34, 0, true);
    view.setUint32(offset + 36, 0, true);
  },
  decode(view, offset) {
    return {
      backendHi: view.getBigUint64(offset, true),
      backendLo: view.getBigUint64(offset + 8, true),
      backendPort: view.getUint16(offset + 16, true),
      flags: view.getUint16(offset + 18, true),
      backend: view.getUint32(offset + 20, true),
      service: view.getUint32(offset + 24, true),
      generation: view.getUint32(offset + 28, true),
      sourcePort: view.getUint16(offset + 32, true),
    };
  },
};

export interface FragmentKey {
  sourceHi: bigint;
  sourceLo: bigint;
  destinationHi: bigint;
  destinationLo: bigint;
  id: number;
  protocol: number;
}

export const fragmentKeyCodec: Codec<FragmentKey> & { readonly layoutHash: string } = {
  size: 40,
  layoutHash: '9817241f122f37f6',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.sourceHi, true);
    view.setBigUint64(offset + 8, value.sourceLo, true);
    view.setBigUint64(offset + 16, value.destinationHi, true);
    view.setBigUint64(offset + 24, value.destinationLo, true);
    view.setUint32(offset + 32, value.id, true);
    view.setUint8(offset + 36, value.protocol);
    view.setUint8(offset + 37, 0);
    view.setUint16(offset + 38, 0, true);
  },
  decode(view, offset) {
    return {
      sourceHi: view.getBigUint64(offset, true),
      sourceLo: view.getBigUint64(offset + 8, true),
      destinationHi: view.getBigUint64(offset + 16, true),
      destinationLo: view.getBigUint64(offset + 24, true),
      id: view.getUint32(offset + 32, true),
      protocol: view.getUint8(offset + 36),
    };
  },
};

export interface FragmentPorts {
  sourcePort: number;
  destinationPort: number;
  expires: number;
}

export const fragmentPortsCodec: Codec<FragmentPorts> & { readonly layoutHash: string } = {
  size: 8,
  layoutHash: '73cd9aabbb28e155',
  encode(value, view, offset) {
    view.setUint16(offset, value.sourcePort, true);
    view.setUint16(offset + 2, value.destinationPort, true);
    view.setUint32(offset + 4, value.expires, true);
  },
  decode(view, offset) {
    return {
      sourcePort: view.getUint16(offset, true),
      destinationPort: view.getUint16(offset + 2, true),
      expires: view.getUint32(offset + 4, true),
    };
  },
};

export interface AddressSlot {
  epoch: number;
  hints: number;
}

export const addressSlotCodec: Codec<AddressSlot> & { readonly layoutHash: string } = {
  size: 8,
  layoutHash: 'f8268031f3577515',
  encode(value, view, offset) {
    view.setUint32(offset, value.epoch, true);
    view.setUint32(offset + 4, value.hints, true);
  },
  decode(view, offset) {
    return {
      epoch: view.getUint32(offset, true),
      hints: view.getUint32(offset + 4, true),
    };
  },
};

export interface Endpoint {
  port: number;
  id: number;
  identity: number;
  policySet: number;
  flags: number;
  mac: bigint;
  gatewayMac: bigint;
}

export const endpointCodec: Codec<Endpoint> & { readonly layoutHash: string } = {
  size: 48,
  layoutHash: '89b337680fa3ed08',
  encode(value, view, offset) {
    view.setUint32(offset, value.port, true);
    view.setUint32(offset + 4, value.id, true);
    view.setUint32(offset + 8, value.identity, true);
    view.setUint32(offset + 12, value.policySet, true);
    view.setUint32(offset + 16, value.flags, true);
    view.setUint32(offset + 20, 0, true);
    view.setBigUint64(offset + 24, value.mac, true);
    view.setBigUint64(offset + 32, value.gatewayMac, true);
    view.setBigUint64(offset + 40, 0n, true);
  },
  decode(view, offset) {
    return {
      port: view.getUint32(offset, true),
      id: view.getUint32(offset + 4, true),
      identity: view.getUint32(offset + 8, true),
      policySet: view.getUint32(offset + 12, true),
      flags: view.getUint32(offset + 16, true),
      mac: view.getBigUint64(offset + 24, true),
      gatewayMac: view.getBigUint64(offset + 32, true),
    };
  },
};

export interface PrefixKey {
  prefixLength: number;
  zone: number;
  hi: bigint;
  lo: bigint;
}

export const prefixKeyCodec: Codec<PrefixKey> & { readonly layoutHash: string } = {
  size: 24,
  layoutHash: '9f09f8fef25a43a0',
  encode(value, view, offset) {
    view.setUint32(offset, value.prefixLength, true);
    view.setUint32(offset + 4, value.zone, true);
    view.setBigUint64(offset + 8, value.hi, true);
    view.setBigUint64(offset + 16, value.lo, true);
  },
  decode(view, offset) {
    return {
      prefixLength: view.getUint32(offset, true),
      zone: view.getUint32(offset + 4, true),
      hi: view.getBigUint64(offset + 8, true),
      lo: view.getBigUint64(offset + 16, true),
    };
  },
};

export interface Prefix {
  identity: number;
  node: number;
  flags: number;
}

export const prefixCodec: Codec<Prefix> & { readonly layoutHash: string } = {
  size: 16,
  layoutHash: '7bf77465e28b1a44',
  encode(value, view, offset) {
    view.setUint32(offset, value.identity, true);
    view.setUint32(offset + 4, value.node, true);
    view.setUint32(offset + 8, value.flags, true);
    view.setUint32(offset + 12, 0, true);
  },
  decode(view, offset) {
    return {
      identity: view.getUint32(offset, true),
      node: view.getUint32(offset + 4, true),
      flags: view.getUint32(offset + 8, true),
    };
  },
};

export interface Node {
  addressHi: bigint;
  addressLo: bigint;
  mode: number;
  keyState: number;
  mtu: number;
  cluster: number;
  flags: number;
}

export const nodeCodec: Codec<Node> & { readonly layoutHash: string } = {
  size: 40,
  layoutHash: 'de3aaef95d6a98b2',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.addressHi, true);
    view.setBigUint64(offset + 8, value.addressLo, true);
    view.setUint8(offset + 16, value.mode);
    view.setUint8(offset + 17, value.keyState);
    view.setUint16(offset + 18, value.mtu, true);
    view.setUint32(offset + 20, value.cluster, true);
    view.setUint32(offset + 24, value.flags, true);
    view.setUint32(offset + 28, 0, true);
    view.setBigUint64(offset + 32, 0n, true);
  },
  decode(view, offset) {
    return {
      addressHi: view.getBigUint64(offset, true),
      addressLo: view.getBigUint64(offset + 8, true),
      mode: view.getUint8(offset + 16),
      keyState: view.getUint8(offset + 17),
      mtu: view.getUint16(offset + 18, true),
      cluster: view.getUint32(offset + 20, true),
      flags: view.getUint32(offset + 24, true),
    };
  },
};

export interface Facts {
  sourceHi: bigint;
  sourceLo: bigint;
  destinationHi: bigint;
  destinationLo: bigint;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
  outerSourceHi: bigint;
  outerSourceLo: bigint;
  outerDestinationHi: bigint;
  outerDestinationLo: bigint;
  now: number;
  random: number;
  port: number;
  length: number;
  fragmentId: number;
  tunnelIdentity: number;
  mark: number;
  hook: number;
  family: number;
  tcpFlags: number;
  icmpType: number;
  icmpId: number;
  flags: number;
  invalid: number;
  icmpCode: number;
  outerIcmpType: number;
}

export const factsCodec: Codec<Facts> & { readonly layoutHash: string } = {
  size: 112,
  layoutHash: '77b208db539771da',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.sourceHi, true);
    view.setBigUint64(offset + 8, value.sourceLo, true);
    view.setBigUint64(offset + 16, value.destinationHi, true);
    view.setBigUint64(offset + 24, value.destinationLo, true);
    view.setUint16(offset + 32, value.sourcePort, true);
    view.setUint16(offset + 34, value.destinationPort, true);
    view.setUint8(offset + 36, value.protocol);
    view.setUint8(offset + 37, 0);
    view.setUint16(offset + 38, 0, true);
    view.setBigUint64(offset + 40, value.outerSourceHi, true);
    view.setBigUint64(offset + 48, value.outerSourceLo, true);
    view.setBigUint64(offset + 56, value.outerDestinationHi, true);
    view.setBigUint64(offset + 64, value.outerDestinationLo, true);
    view.setUint32(offset + 72, value.now, true);
    view.setUint32(offset + 76, value.random, true);
    view.setUint32(offset + 80, value.port, true);
    view.setUint32(offset + 84, value.length, true);
    view.setUint32(offset + 88, value.fragmentId, true);
    view.setUint32(offset + 92, value.tunnelIdentity, true);
    view.setUint32(offset + 96, value.mark, true);
    view.setUint8(offset + 100, value.hook);
    view.setUint8(offset + 101, value.family);
    view.setUint8(offset + 102, value.tcpFlags);
    view.setUint8(offset + 103, value.icmpType);
    view.setUint16(offset + 104, value.icmpId, true);
    view.setUint8(offset + 106, value.flags);
    view.setUint8(offset + 107, value.invalid);
    view.setUint8(offset + 108, value.icmpCode);
    view.setUint8(offset + 109, value.outerIcmpType);
    view.setUint16(offset + 110, 0, true);
  },
  decode(view, offset) {
    return {
      sourceHi: view.getBigUint64(offset, true),
      sourceLo: view.getBigUint64(offset + 8, true),
      destinationHi: view.getBigUint64(offset + 16, true),
      destinationLo: view.getBigUint64(offset + 24, true),
      sourcePort: view.getUint16(offset + 32, true),
      destinationPort: view.getUint16(offset + 34, true),
      protocol: view.getUint8(offset + 36),
      outerSourceHi: view.getBigUint64(offset + 40, true),
      outerSourceLo: view.getBigUint64(offset + 48, true),
      outerDestinationHi: view.getBigUint64(offset + 56, true),
      outerDestinationLo: view.getBigUint64(offset + 64, true),
      now: view.getUint32(offset + 72, true),
      random: view.getUint32(offset + 76, true),
      port: view.getUint32(offset + 80, true),
      length: view.getUint32(offset + 84, true),
      fragmentId: view.getUint32(offset + 88, true),
      tunnelIdentity: view.getUint32(offset + 92, true),
      mark: view.getUint32(offset + 96, true),
      hook: view.getUint8(offset + 100),
      family: view.getUint8(offset + 101),
      tcpFlags: view.getUint8(offset + 102),
      icmpType: view.getUint8(offset + 103),
      icmpId: view.getUint16(offset + 104, true),
      flags: view.getUint8(offset + 106),
      invalid: view.getUint8(offset + 107),
      icmpCode: view.getUint8(offset + 108),
      outerIcmpType: view.getUint8(offset + 109),
    };
  },
};

export interface Record {
  nextHop: number;
  reason: number;
  event: number;
  direction: number;
  conntrack: number;
  translation: number;
  affinity: number;
  fragment: number;
  rewrite: number;
  reply: number;
  audited: number;
  proxyPort: number;
  touchFlags: number;
  touchExpires: number;
  newSourceHi: bigint;
  newSourceLo: bigint;
  newDestinationHi: bigint;
  newDestinationLo: bigint;
  newSourcePort: number;
  newDestinationPort: number;
  outPort: number;
  tunnelHi: bigint;
  tunnelLo: bigint;
  destinationMac: bigint;
  sourceMac: bigint;
  sourceIdentity: number;
  destinationIdentity: number;
  egressRule: number;
  ingressRule: number;
  endpoint: number;
  service: number;
  backend: number;
  touchRenewed: number;
}

export const recordCodec: Codec<Record> & { readonly layoutHash: string } = {
  size: 128,
  layoutHash: '09b8b220faa0ff9d',
  encode(value, view, offset) {
    view.setUint8(offset, value.nextHop);
    view.setUint8(offset + 1, value.reason);
    view.setUint8(offset + 2, value.event);
    view.setUint8(offset + 3, value.direction);
    view.setUint8(offset + 4, value.conntrack);
    view.setUint8(offset + 5, value.translation);
    view.setUint8(offset + 6, value.affinity);
    view.setUint8(offset + 7, value.fragment);
    view.setUint8(offset + 8, value.rewrite);
    view.setUint8(offset + 9, value.reply);
    view.setUint8(offset + 10, value.audited);
    view.setUint8(offset + 11, 0);
    view.setUint16(offset + 12, value.proxyPort, true);
    view.setUint16(offset + 14, 0, true);
    view.setUint32(offset + 16, value.touchFlags, true);
    view.setUint32(offset + 20, value.touchExpires, true);
    view.setBigUint64(offset + 24, value.newSourceHi, true);
    view.setBigUint64(offset + 32, value.newSourceLo, true);
    view.setBigUint64(offset + 40, value.newDestinationHi, true);
    view.setBigUint64(offset + 48, value.newDestinationLo, true);
    view.setUint16(offset + 56, value.newSourcePort, true);
    view.setUint16(offset + 58, value.newDestinationPort, true);
    view.setUint32(offset + 60, value.outPort, true);
    view.setBigUint64(offset + 64, value.tunnelHi, true);
    view.setBigUint64(offset + 72, value.tunnelLo, true);
    view.setBigUint64(offset + 80, value.destinationMac, true);
    view.setBigUint64(offset + 88, value.sourceMac, true);
    view.setUint32(offset + 96, value.sourceIdentity, true);
    view.setUint32(offset + 100, value.destinationIdentity, true);
    view.setUint32(offset + 104, value.egressRule, true);
    view.setUint32(offset + 108, value.ingressRule, true);
    view.setUint32(offset + 112, value.endpoint, true);
    view.setUint32(offset + 116, value.service, true);
    view.setUint32(offset + 120, value.backend, true);
    view.setUint32(offset + 124, value.touchRenewed, true);
  },
  decode(view, offset) {
    return {
      nextHop: view.getUint8(offset),
      reason: view.getUint8(offset + 1),
      event: view.getUint8(offset + 2),
      direction: view.getUint8(offset + 3),
      conntrack: view.getUint8(offset + 4),
      translation: view.getUint8(offset + 5),
      affinity: view.getUint8(offset + 6),
      fragment: view.getUint8(offset + 7),
      rewrite: view.getUint8(offset + 8),
      reply: view.getUint8(offset + 9),
      audited: view.getUint8(offset + 10),
      proxyPort: view.getUint16(offset + 12, true),
      touchFlags: view.getUint32(offset + 16, true),
      touchExpires: view.getUint32(offset + 20, true),
      newSourceHi: view.getBigUint64(offset + 24, true),
      newSourceLo: view.getBigUint64(offset + 32, true),
      newDestinationHi: view.getBigUint64(offset + 40, true),
      newDestinationLo: view.getBigUint64(offset + 48, true),
      newSourcePort: view.getUint16(offset + 56, true),
      newDestinationPort: view.getUint16(offset + 58, true),
      outPort: view.getUint32(offset + 60, true),
      tunnelHi: view.getBigUint64(offset + 64, true),
      tunnelLo: view.getBigUint64(offset + 72, true),
      destinationMac: view.getBigUint64(offset + 80, true),
      sourceMac: view.getBigUint64(offset + 88, true),
      sourceIdentity: view.getUint32(offset + 96, true),
      destinationIdentity: view.getUint32(offset + 100, true),
      egressRule: view.getUint32(offset + 104, true),
      ingressRule: view.getUint32(offset + 108, true),
      endpoint: view.getUint32(offset + 112, true),
      service: view.getUint32(offset + 116, true),
      backend: view.getUint32(offset + 120, true),
      touchRenewed: view.getUint32(offset + 124, true),
    };
  },
};

export interface Event {
  sourceHi: bigint;
  sourceLo: bigint;
  destinationHi: bigint;
  destinationLo: bigint;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
  family: number;
  kind: number;
  reason: number;
  hook: number;
  direction: number;
  tcpFlags: number;
  icmpType: number;
  length: number;
  now: number;
  port: number;
  endpoint: number;
  sourceIdentity: number;
  destinationIdentity: number;
  egressRule: number;
  ingressRule: number;
  service: number;
  backend: number;
  proxyPort: number;
  namespace: bigint;
}

export const eventCodec: Codec<Event> & { readonly layoutHash: string } = {
  size: 96,
  layoutHash: '74370c8536985519',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.sourceHi, true);
    view.setBigUint64(offset + 8, value.sourceLo, true);
    view.setBigUint64(offset + 16, value.destinationHi, true);
    view.setBigUint64(offset + 24, value.destinationLo, true);
    view.setUint16(offset + 32, value.sourcePort, true);
    view.setUint16(offset + 34, value.destinationPort, true);
    view.setUint8(offset + 36, value.protocol);
    view.setUint8(offset + 37, value.family);
    view.setUint8(offset + 38, value.kind);
    view.setUint8(offset + 39, value.reason);
    view.setUint8(offset + 40, value.hook);
    view.setUint8(offset + 41, value.direction);
    view.setUint8(offset + 42, value.tcpFlags);
    view.setUint8(offset + 43, value.icmpType);
    view.setUint32(offset + 44, value.length, true);
    view.setUint32(offset + 48, value.now, true);
    view.setUint32(offset + 52, value.port, true);
    view.setUint32(offset + 56, value.endpoint, true);
    view.setUint32(offset + 60, value.sourceIdentity, true);
    view.setUint32(offset + 64, value.destinationIdentity, true);
    view.setUint32(offset + 68, value.egressRule, true);
    view.setUint32(offset + 72, value.ingressRule, true);
    view.setUint32(offset + 76, value.service, true);
    view.setUint32(offset + 80, value.backend, true);
    view.setUint16(offset + 84, value.proxyPort, true);
    view.setUint16(offset + 86, 0, true);
    view.setBigUint64(offset + 88, value.namespace, true);
  },
  decode(view, offset) {
    return {
      sourceHi: view.getBigUint64(offset, true),
      sourceLo: view.getBigUint64(offset + 8, true),
      destinationHi: view.getBigUint64(offset + 16, true),
      destinationLo: view.getBigUint64(offset + 24, true),
      sourcePort: view.getUint16(offset + 32, true),
      destinationPort: view.getUint16(offset + 34, true),
      protocol: view.getUint8(offset + 36),
      family: view.getUint8(offset + 37),
      kind: view.getUint8(offset + 38),
      reason: view.getUint8(offset + 39),
      hook: view.getUint8(offset + 40),
      direction: view.getUint8(offset + 41),
      tcpFlags: view.getUint8(offset + 42),
      icmpType: view.getUint8(offset + 43),
      length: view.getUint32(offset + 44, true),
      now: view.getUint32(offset + 48, true),
      port: view.getUint32(offset + 52, true),
      endpoint: view.getUint32(offset + 56, true),
      sourceIdentity: view.getUint32(offset + 60, true),
      destinationIdentity: view.getUint32(offset + 64, true),
      egressRule: view.getUint32(offset + 68, true),
      ingressRule: view.getUint32(offset + 72, true),
      service: view.getUint32(offset + 76, true),
      backend: view.getUint32(offset + 80, true),
      proxyPort: view.getUint16(offset + 84, true),
      namespace: view.getBigUint64(offset + 88, true),
    };
  },
};

export interface Metric {
  packets: bigint;
  bytes: bigint;
}

export const metricCodec: Codec<Metric> & { readonly layoutHash: string } = {
  size: 16,
  layoutHash: '9897e56f86f4a26a',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.packets, true);
    view.setBigUint64(offset + 8, value.bytes, true);
  },
  decode(view, offset) {
    return {
      packets: view.getBigUint64(offset, true),
      bytes: view.getBigUint64(offset + 8, true),
    };
  },
};

export interface PolicyKey {
  prefixLength: number;
  set: number;
  identity: number;
  direction: number;
  protocol: number;
  port: number;
}

export const policyKeyCodec: Codec<PolicyKey> & { readonly layoutHash: string } = {
  size: 16,
  layoutHash: 'f02fea2337377744',
  encode(value, view, offset) {
    view.setUint32(offset, value.prefixLength, true);
    view.setUint32(offset + 4, value.set, true);
    view.setUint32(offset + 8, value.identity, true);
    view.setUint8(offset + 12, value.direction);
    view.setUint8(offset + 13, value.protocol);
    view.setUint16(offset + 14, value.port, true);
  },
  decode(view, offset) {
    return {
      prefixLength: view.getUint32(offset, true),
      set: view.getUint32(offset + 4, true),
      identity: view.getUint32(offset + 8, true),
      direction: view.getUint8(offset + 12),
      protocol: view.getUint8(offset + 13),
      port: view.getUint16(offset + 14, true),
    };
  },
};

export interface PolicyEntry {
  rule: number;
  proxyPort: number;
  matchLength: number;
  precedence: number;
}

export const policyEntryCodec: Codec<PolicyEntry> & { readonly layoutHash: string } = {
  size: 8,
  layoutHash: '6eb3b2e249472191',
  encode(value, view, offset) {
    view.setUint32(offset, value.rule, true);
    view.setUint16(offset + 4, value.proxyPort, true);
    view.setUint8(offset + 6, value.matchLength);
    view.setUint8(offset + 7, value.precedence);
  },
  decode(view, offset) {
    return {
      rule: view.getUint32(offset, true),
      proxyPort: view.getUint16(offset + 4, true),
      matchLength: view.getUint8(offset + 6),
      precedence: view.getUint8(offset + 7),
    };
  },
};

export interface PolicyMatches {
  peer: bigint;
  everyPeer: bigint;
}

export const policyMatchesCodec: Codec<PolicyMatches> & { readonly layoutHash: string } = {
  size: 16,
  layoutHash: 'c7b92dfddb0aad2e',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.peer, true);
    view.setBigUint64(offset + 8, value.everyPeer, true);
  },
  decode(view, offset) {
    return {
      peer: view.getBigUint64(offset, true),
      everyPeer: view.getBigUint64(offset + 8, true),
    };
  },
};

export interface GrantKey {
  hi: bigint;
  lo: bigint;
  endpoint: number;
}

export const grantKeyCodec: Codec<GrantKey> & { readonly layoutHash: string } = {
  size: 24,
  layoutHash: '5a4a1e89257f03be',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.hi, true);
    view.setBigUint64(offset + 8, value.lo, true);
    view.setUint32(offset + 16, value.endpoint, true);
    view.setUint32(offset + 20, 0, true);
  },
  decode(view, offset) {
    return {
      hi: view.getBigUint64(offset, true),
      lo: view.getBigUint64(offset + 8, true),
      endpoint: view.getUint32(offset + 16, true),
    };
  },
};

export interface Grant {
  identity0: number;
  expires0: number;
  identity1: number;
  expires1: number;
  identity2: number;
  expires2: number;
  identity3: number;
  expires3: number;
}

export const grantCodec: Codec<Grant> & { readonly layoutHash: string } = {
  size: 32,
  layoutHash: '6ed860a7dae2fbf9',
  encode(value, view, offset) {
    view.setUint32(offset, value.identity0, true);
    view.setUint32(offset + 4, value.expires0, true);
    view.setUint32(offset + 8, value.identity1, true);
    view.setUint32(offset + 12, value.expires1, true);
    view.setUint32(offset + 16, value.identity2, true);
    view.setUint32(offset + 20, value.expires2, true);
    view.setUint32(offset + 24, value.identity3, true);
    view.setUint32(offset + 28, value.expires3, true);
  },
  decode(view, offset) {
    return {
      identity0: view.getUint32(offset, true),
      expires0: view.getUint32(offset + 4, true),
      identity1: view.getUint32(offset + 8, true),
      expires1: view.getUint32(offset + 12, true),
      identity2: view.getUint32(offset + 16, true),
      expires2: view.getUint32(offset + 20, true),
      identity3: view.getUint32(offset + 24, true),
      expires3: view.getUint32(offset + 28, true),
    };
  },
};

export interface Scratch {
  tuple0: bigint;
  tuple1: bigint;
  tuple2: bigint;
  tuple3: bigint;
  tuple4: bigint;
  origin0: bigint;
  origin1: bigint;
  origin2: bigint;
  origin3: bigint;
  origin4: bigint;
  flow0: bigint;
  flow1: bigint;
  flow2: bigint;
  flow3: bigint;
  flow4: bigint;
  client0: bigint;
  client1: bigint;
  client2: bigint;
  client3: bigint;
  client4: bigint;
  address0: bigint;
  address1: bigint;
  prefix0: bigint;
  prefix1: bigint;
  prefix2: bigint;
  grant0: bigint;
  grant1: bigint;
  grant2: bigint;
  frontend0: bigint;
  frontend1: bigint;
  frontend2: bigint;
  sourceRange0: bigint;
  sourceRange1: bigint;
  sourceRange2: bigint;
  affinityKey0: bigint;
  affinityKey1: bigint;
  affinityKey2: bigint;
  affinity0: bigint;
  fragmentKey0: bigint;
  fragmentKey1: bigint;
  fragmentKey2: bigint;
  fragmentKey3: bigint;
  fragmentKey4: bigint;
  fragmentPorts0: bigint;
  translation0: bigint;
  translation1: bigint;
  translation2: bigint;
  translation3: bigint;
  translation4: bigint;
  conntrack0: bigint;
  conntrack1: bigint;
  conntrack2: bigint;
  conntrack3: bigint;
  conntrack4: bigint;
  conntrack5: bigint;
  conntrack6: bigint;
  conntrack7: bigint;
  conntrack8: bigint;
  conntrack9: bigint;
  conntrack10: bigint;
  conntrack11: bigint;
  conntrack12: bigint;
  conntrack13: bigint;
  conntrack14: bigint;
  conntrack15: bigint;
  conntrack16: bigint;
  sourceEpoch: number;
  destinationEpoch: number;
  originIdentity: number;
  responderIdentity: number;
  originPort: number;
  responderPort: number;
  remoteNode: number;
  sourceHigh: number;
  now: number;
  hints: number;
  hidden: number;
  keepsGrants: number;
  traffic: number;
  stale: number;
}

export const scratchCodec: Codec<Scratch> & { readonly layoutHash: string } = {
  size: 584,
  layoutHash: 'c3d930de8ad9163d',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.tuple0, true);
    view.setBigUint64(offset + 8, value.tuple1, true);
    view.setBigUint64(offset + 16, value.tuple2, true);
    view.setBigUint64(offset + 24, value.tuple3, true);
    view.setBigUint64(offset + 32, value.tuple4, true);
    view.setBigUint64(offset + 40, value.origin0, true);
    view.setBigUint64(offset + 48, value.origin1, true);
    view.setBigUint64(offset + 56, value.origin2, true);
    view.setBigUint64(offset + 64, value.origin3, true);
    view.setBigUint64(offset + 72, value.origin4, true);
    view.setBigUint64(offset + 80, value.flow0, true);
    view.setBigUint64(offset + 88, value.flow1, true);
    view.setBigUint64(offset + 96, value.flow2, true);
    view.setBigUint64(offset + 104, value.flow3, true);
    view.setBigUint64(offset + 112, value.flow4, true);
    view.setBigUint64(offset + 120, value.client0, true);
    view.setBigUint64(offset + 128, value.client1, true);
    view.setBigUint64(offset + 136, value.client2, true);
    view.setBigUint64(offset + 144, value.client3, true);
    view.setBigUint64(offset + 152, value.client4, true);
    view.setBigUint64(offset + 160, value.address0, true);
    view.setBigUint64(offset + 168, value.address1, true);
    view.setBigUint64(offset + 176, value.prefix0, true);
    view.setBigUint64(offset + 184, value.prefix1, true);
    view.setBigUint64(offset + 192, value.prefix2, true);
    view.setBigUint64(offset + 200, value.grant0, true);
    view.setBigUint64(offset + 208, value.grant1, true);
    view.setBigUint64(offset + 216, value.grant2, true);
    view.setBigUint64(offset + 224, value.frontend0, true);
    view.setBigUint64(offset + 232, value.frontend1, true);
    view.setBigUint64(offset + 240, value.frontend2, true);
    view.setBigUint64(offset + 248, value.sourceRange0, true);
    view.setBigUint64(offset + 256, value.sourceRange1, true);
    view.setBigUint64(offset + 264, value.sourceRange2, true);
    view.setBigUint64(offset + 272, value.affinityKey0, true);
    view.setBigUint64(offset + 280, value.affinityKey1, true);
    view.setBigUint64(offset + 288, value.affinityKey2, true);
    view.setBigUint64(offset + 296, value.affinity0, true);
    view.setBigUint64(offset + 304, value.fragmentKey0, true);
    view.setBigUint64(offset + 312, value.fragmentKey1, true);
    view.setBigUint64(offset + 320, value.fragmentKey2, true);
    view.setBigUint64(offset + 328, value.fragmentKey3, true);
    view.setBigUint64(offset + 336, value.fragmentKey4, true);
    view.setBigUint64(offset + 344, value.fragmentPorts0, true);
    view.setBigUint64(offset + 352, value.translation0, true);
    view.setBigUint64(offset + 360, value.translation1, true);
    view.setBigUint64(offset + 368, value.translation2, true);
    view.setBigUint64(offset + 376, value.translation3, true);
    view.setBigUint64(offset + 384, value.translation4, true);
    view.setBigUint64(offset + 392, value.conntrack0, true);
    view.setBigUint64(offset + 400, value.conntrack1, true);
    view.setBigUint64(offset + 408, value.conntrack2, true);
    view.setBigUint64(offset + 416, value.conntrack3, true);
    view.setBigUint64(offset + 424, value.conntrack4, true);
    view.setBigUint64(offset + 432, value.conntrack5, true);
    view.setBigUint64(offset + 440, value.conntrack6, true);
    view.setBigUint64(offset + 448, value.conntrack7, true);
    view.setBigUint64(offset + 456, value.conntrack8, true);
    view.setBigUint64(offset + 464, value.conntrack9, true);
    view.setBigUint64(offset + 472, value.conntrack10, true);
    view.setBigUint64(offset + 480, value.conntrack11, true);
    view.setBigUint64(offset + 488, value.conntrack12, true);
    view.setBigUint64(offset + 496, value.conntrack13, true);
    view.setBigUint64(offset + 504, value.conntrack14, true);
    view.setBigUint64(offset + 512, value.conntrack15, true);
    view.setBigUint64(offset + 520, value.conntrack16, true);
    view.setUint32(offset + 528, value.sourceEpoch, true);
    view.setUint32(offset + 532, value.destinationEpoch, true);
    view.setUint32(offset + 536, value.originIdentity, true);
    view.setUint32(offset + 540, value.responderIdentity, true);
    view.setUint32(offset + 544, value.originPort, true);
    view.setUint32(offset + 548, value.responderPort, true);
    view.setUint32(offset + 552, value.remoteNode, true);
    view.setUint32(offset + 556, value.sourceHigh, true);
    view.setUint32(offset + 560, value.now, true);
    view.setUint32(offset + 564, value.hints, true);
    view.setUint32(offset + 568, value.hidden, true);
    view.setUint32(offset + 572, value.keepsGrants, true);
    view.setUint32(offset + 576, value.traffic, true);
    view.setUint32(offset + 580, value.stale, true);
  },
  decode(view, offset) {
    return {
      tuple0: view.getBigUint64(offset, true),
      tuple1: view.getBigUint64(offset + 8, true),
      tuple2: view.getBigUint64(offset + 16, true),
      tuple3: view.getBigUint64(offset + 24, true),
      tuple4: view.getBigUint64(offset + 32, true),
      origin0: view.getBigUint64(offset + 40, true),
      origin1: view.getBigUint64(offset + 48, true),
      origin2: view.getBigUint64(offset + 56, true),
      origin3: view.getBigUint64(offset + 64, true),
      origin4: view.getBigUint64(offset + 72, true),
      flow0: view.getBigUint64(offset + 80, true),
      flow1: view.getBigUint64(offset + 88, true),
      flow2: view.getBigUint64(offset + 96, true),
      flow3: view.getBigUint64(offset + 104, true),
      flow4: view.getBigUint64(offset + 112, true),
      client0: view.getBigUint64(offset + 120, true),
      client1: view.getBigUint64(offset + 128, true),
      client2: view.getBigUint64(offset + 136, true),
      client3: view.getBigUint64(offset + 144, true),
      client4: view.getBigUint64(offset + 152, true),
      address0: view.getBigUint64(offset + 160, true),
      address1: view.getBigUint64(offset + 168, true),
      prefix0: view.getBigUint64(offset + 176, true),
      prefix1: view.getBigUint64(offset + 184, true),
      prefix2: view.getBigUint64(offset + 192, true),
      grant0: view.getBigUint64(offset + 200, true),
      grant1: view.getBigUint64(offset + 208, true),
      grant2: view.getBigUint64(offset + 216, true),
      frontend0: view.getBigUint64(offset + 224, true),
      frontend1: view.getBigUint64(offset + 232, true),
      frontend2: view.getBigUint64(offset + 240, true),
      sourceRange0: view.getBigUint64(offset + 248, true),
      sourceRange1: view.getBigUint64(offset + 256, true),
      sourceRange2: view.getBigUint64(offset + 264, true),
      affinityKey0: view.getBigUint64(offset + 272, true),
      affinityKey1: view.getBigUint64(offset + 280, true),
      affinityKey2: view.getBigUint64(offset + 288, true),
      affinity0: view.getBigUint64(offset + 296, true),
      fragmentKey0: view.getBigUint64(offset + 304, true),
      fragmentKey1: view.getBigUint64(offset + 312, true),
      fragmentKey2: view.getBigUint64(offset + 320, true),
      fragmentKey3: view.getBigUint64(offset + 328, true),
      fragmentKey4: view.getBigUint64(offset + 336, true),
      fragmentPorts0: view.getBigUint64(offset + 344, true),
      translation0: view.getBigUint64(offset + 352, true),
      translation1: view.getBigUint64(offset + 360, true),
      translation2: view.getBigUint64(offset + 368, true),
      translation3: view.getBigUint64(offset + 376, true),
      translation4: view.getBigUint64(offset + 384, true),
      conntrack0: view.getBigUint64(offset + 392, true),
      conntrack1: view.getBigUint64(offset + 400, true),
      conntrack2: view.getBigUint64(offset + 408, true),
      conntrack3: view.getBigUint64(offset + 416, true),
      conntrack4: view.getBigUint64(offset + 424, true),
      conntrack5: view.getBigUint64(offset + 432, true),
      conntrack6: view.getBigUint64(offset + 440, true),
      conntrack7: view.getBigUint64(offset + 448, true),
      conntrack8: view.getBigUint64(offset + 456, true),
      conntrack9: view.getBigUint64(offset + 464, true),
      conntrack10: view.getBigUint64(offset + 472, true),
      conntrack11: view.getBigUint64(offset + 480, true),
      conntrack12: view.getBigUint64(offset + 488, true),
      conntrack13: view.getBigUint64(offset + 496, true),
      conntrack14: view.getBigUint64(offset + 504, true),
      conntrack15: view.getBigUint64(offset + 512, true),
      conntrack16: view.getBigUint64(offset + 520, true),
      sourceEpoch: view.getUint32(offset + 528, true),
      destinationEpoch: view.getUint32(offset + 532, true),
      originIdentity: view.getUint32(offset + 536, true),
      responderIdentity: view.getUint32(offset + 540, true),
      originPort: view.getUint32(offset + 544, true),
      responderPort: view.getUint32(offset + 548, true),
      remoteNode: view.getUint32(offset + 552, true),
      sourceHigh: view.getUint32(offset + 556, true),
      now: view.getUint32(offset + 560, true),
      hints: view.getUint32(offset + 564, true),
      hidden: view.getUint32(offset + 568, true),
      keepsGrants: view.getUint32(offset + 572, true),
      traffic: view.getUint32(offset + 576, true),
      stale: view.getUint32(offset + 580, true),
    };
  },
};

export interface FrontendKey {
  hi: bigint;
  lo: bigint;
  port: number;
  protocol: number;
  scope: number;
}

export const frontendKeyCodec: Codec<FrontendKey> & { readonly layoutHash: string } = {
  size: 24,
  layoutHash: '127d255c914010a7',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.hi, true);
    view.setBigUint64(offset + 8, value.lo, true);
    view.setUint16(offset + 16, value.port, true);
    view.setUint8(offset + 18, value.protocol);
    view.setUint8(offset + 19, value.scope);
    view.setUint32(offset + 20, 0, true);
  },
  decode(view, offset) {
    return {
      hi: view.getBigUint64(offset, true),
      lo: view.getBigUint64(offset + 8, true),
      port: view.getUint16(offset + 16, true),
      protocol: view.getUint8(offset + 18),
      scope: view.getUint8(offset + 19),
    };
  },
};

export interface Frontend {
  service: number;
  offset: number;
  size: number;
  flags: number;
  affinityTicks: number;
}

export const frontendCodec: Codec<Frontend> & { readonly layoutHash: string } = {
  size: 24,
  layoutHash: 'bf105d4d0788e3f6',
  encode(value, view, offset) {
    view.setUint32(offset, value.service, true);
    view.setUint32(offset + 4, value.offset, true);
    view.setUint32(offset + 8, value.size, true);
    view.setUint32(offset + 12, value.flags, true);
    view.setUint32(offset + 16, value.affinityTicks, true);
    view.setUint32(offset + 20, 0, true);
  },
  decode(view, offset) {
    return {
      service: view.getUint32(offset, true),
      offset: view.getUint32(offset + 4, true),
      size: view.getUint32(offset + 8, true),
      flags: view.getUint32(offset + 12, true),
      affinityTicks: view.getUint32(offset + 16, true),
    };
  },
};

export interface SourceRangeKey {
  prefixLength: number;
  service: number;
  hi: bigint;
  lo: bigint;
}

export const sourceRangeKeyCodec: Codec<SourceRangeKey> & { readonly layoutHash: string } = {
  size: 24,
  layoutHash: '7bd6a7e8c8424224',
  encode(value, view, offset) {
    view.setUint32(offset, value.prefixLength, true);
    view.setUint32(offset + 4, value.service, true);
    view.setBigUint64(offset + 8, value.hi, true);
    view.setBigUint64(offset + 16, value.lo, true);
  },
  decode(view, offset) {
    return {
      prefixLength: view.getUint32(offset, true),
      service: view.getUint32(offset + 4, true),
      hi: view.getBigUint64(offset + 8, true),
      lo: view.getBigUint64(offset + 16, true),
    };
  },
};

export interface SourceRange {
  flags: number;
}

export const sourceRangeCodec: Codec<SourceRange> & { readonly layoutHash: string } = {
  size: 8,
  layoutHash: '1c213e132a97863c',
  encode(value, view, offset) {
    view.setUint32(offset, value.flags, true);
    view.setUint32(offset + 4, 0, true);
  },
  decode(view, offset) {
    return {
      flags: view.getUint32(offset, true),
    };
  },
};

export interface MaglevSlot {
  backend: number;
}

export const maglevSlotCodec: Codec<MaglevSlot> & { readonly layoutHash: string } = {
  size: 4,
  layoutHash: '07d348bcbea2167f',
  encode(value, view, offset) {
    view.setUint32(offset, value.backend, true);
  },
  decode(view, offset) {
    return {
      backend: view.getUint32(offset, true),
    };
  },
};

export interface Backend {
  hi: bigint;
  lo: bigint;
  port: number;
  protocol: number;
  state: number;
  generation: number;
  cluster: number;
  zone: number;
  flags: number;
}

export const backendCodec: Codec<Backend> & { readonly layoutHash: string } = {
  size: 32,
  layoutHash: '7017a0279e8c86d5',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.hi, true);
    view.setBigUint64(offset + 8, value.lo, true);
    view.setUint16(offset + 16, value.port, true);
    view.setUint8(offset + 18, value.protocol);
    view.setUint8(offset + 19, value.state);
    view.setUint32(offset + 20, value.generation, true);
    view.setUint32(offset + 24, value.cluster, true);
    view.setUint16(offset + 28, value.zone, true);
    view.setUint16(offset + 30, value.flags, true);
  },
  decode(view, offset) {
    return {
      hi: view.getBigUint64(offset, true),
      lo: view.getBigUint64(offset + 8, true),
      port: view.getUint16(offset + 16, true),
      protocol: view.getUint8(offset + 18),
      state: view.getUint8(offset + 19),
      generation: view.getUint32(offset + 20, true),
      cluster: view.getUint32(offset + 24, true),
      zone: view.getUint16(offset + 28, true),
      flags: view.getUint16(offset + 30, true),
    };
  },
};

export interface BackendHits {
  connections: bigint;
  generation: number;
}

export const backendHitsCodec: Codec<BackendHits> & { readonly layoutHash: string } = {
  size: 16,
  layoutHash: '27c0d71e1d99701d',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.connections, true);
    view.setUint32(offset + 8, value.generation, true);
    view.setUint32(offset + 12, 0, true);
  },
  decode(view, offset) {
    return {
      connections: view.getBigUint64(offset, true),
      generation: view.getUint32(offset + 8, true),
    };
  },
};

export interface AffinityKey {
  clientHi: bigint;
  clientLo: bigint;
  service: number;
}

export const affinityKeyCodec: Codec<AffinityKey> & { readonly layoutHash: string } = {
  size: 24,
  layoutHash: 'b06232be4ce25975',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.clientHi, true);
    view.setBigUint64(offset + 8, value.clientLo, true);
    view.setUint32(offset + 16, value.service, true);
    view.setUint32(offset + 20, 0, true);
  },
  decode(view, offset) {
    return {
      clientHi: view.getBigUint64(offset, true),
      clientLo: view.getBigUint64(offset + 8, true),
      service: view.getUint32(offset + 16, true),
    };
  },
};

export interface Affinity {
  backend: number;
  expires: number;
}

export const affinityCodec: Codec<Affinity> & { readonly layoutHash: string } = {
  size: 8,
  layoutHash: '785b2f8207059b8f',
  encode(value, view, offset) {
    view.setUint32(offset, value.backend, true);
    view.setUint32(offset + 4, value.expires, true);
  },
  decode(view, offset) {
    return {
      backend: view.getUint32(offset, true),
      expires: view.getUint32(offset + 4, true),
    };
  },
};

export interface SocketKey {
  cookie: bigint;
  hi: bigint;
  lo: bigint;
  port: number;
  protocol: number;
}

export const socketKeyCodec: Codec<SocketKey> & { readonly layoutHash: string } = {
  size: 32,
  layoutHash: '42b1b8943b2509b5',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.cookie, true);
    view.setBigUint64(offset + 8, value.hi, true);
    view.setBigUint64(offset + 16, value.lo, true);
    view.setUint16(offset + 24, value.port, true);
    view.setUint8(offset + 26, value.protocol);
    view.setUint8(offset + 27, 0);
    view.setUint32(offset + 28, 0, true);
  },
  decode(view, offset) {
    return {
      cookie: view.getBigUint64(offset, true),
      hi: view.getBigUint64(offset + 8, true),
      lo: view.getBigUint64(offset + 16, true),
      port: view.getUint16(offset + 24, true),
      protocol: view.getUint8(offset + 26),
    };
  },
};

export interface SocketFrontend {
  hi: bigint;
  lo: bigint;
  port: number;
  service: number;
}

export const socketFrontendCodec: Codec<SocketFrontend> & { readonly layoutHash: string } = {
  size: 24,
  layoutHash: '5b5fb77e882f0f96',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.hi, true);
    view.setBigUint64(offset + 8, value.lo, true);
    view.setUint16(offset + 16, value.port, true);
    view.setUint16(offset + 18, 0, true);
    view.setUint32(offset + 20, value.service, true);
  },
  decode(view, offset) {
    return {
      hi: view.getBigUint64(offset, true),
      lo: view.getBigUint64(offset + 8, true),
      port: view.getUint16(offset + 16, true),
      service: view.getUint32(offset + 20, true),
    };
  },
};

export interface SocketConfig {
  hostNamespace: bigint;
}

export const socketConfigCodec: Codec<SocketConfig> & { readonly layoutHash: string } = {
  size: 8,
  layoutHash: '58e60a61c804dc18',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.hostNamespace, true);
  },
  decode(view, offset) {
    return {
      hostNamespace: view.getBigUint64(offset, true),
    };
  },
};

export interface SocketCall {
  cookie: bigint;
  hi: bigint;
  lo: bigint;
  port: number;
  protocol: number;
  namespace: bigint;
  now: number;
  kind: number;
  reason: number;
  affinity: number;
  flow: number;
  reverse: number;
  service: number;
  peer0: bigint;
  peer1: bigint;
  peer2: bigint;
  peer3: bigint;
  frontend0: bigint;
  frontend1: bigint;
  frontend2: bigint;
  affinityKey0: bigint;
  affinityKey1: bigint;
  affinityKey2: bigint;
  affinity0: bigint;
  translation0: bigint;
  translation1: bigint;
  translation2: bigint;
  translation3: bigint;
  origin0: bigint;
  origin1: bigint;
  origin2: bigint;
}

export const socketCallCodec: Codec<SocketCall> & { readonly layoutHash: string } = {
  size: 200,
  layoutHash: 'c9eb831347a18e9c',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.cookie, true);
    view.setBigUint64(offset + 8, value.hi, true);
    view.setBigUint64(offset + 16, value.lo, true);
    view.setUint16(offset + 24, value.port, true);
    view.setUint8(offset + 26, value.protocol);
    view.setUint8(offset + 27, 0);
    view.setUint32(offset + 28, 0, true);
    view.setBigUint64(offset + 32, value.namespace, true);
    view.setUint32(offset + 40, value.now, true);
    view.setUint8(offset + 44, value.kind);
    view.setUint8(offset + 45, value.reason);
    view.setUint8(offset + 46, value.affinity);
    view.setUint8(offset + 47, value.flow);
    view.setUint8(offset + 48, value.reverse);
    view.setUint8(offset + 49, 0);
    view.setUint16(offset + 50, 0, true);
    view.setUint32(offset + 52, value.service, true);
    view.setBigUint64(offset + 56, value.peer0, true);
    view.setBigUint64(offset + 64, value.peer1, true);
    view.setBigUint64(offset + 72, value.peer2, true);
    view.setBigUint64(offset + 80, value.peer3, true);
    view.setBigUint64(offset + 88, value.frontend0, true);
    view.setBigUint64(offset + 96, value.frontend1, true);
    view.setBigUint64(offset + 104, value.frontend2, true);
    view.setBigUint64(offset + 112, value.affinityKey0, true);
    view.setBigUint64(offset + 120, value.affinityKey1, true);
    view.setBigUint64(offset + 128, value.affinityKey2, true);
    view.setBigUint64(offset + 136, value.affinity0, true);
    view.setBigUint64(offset + 144, value.translation0, true);
    view.setBigUint64(offset + 152, value.translation1, true);
    view.setBigUint64(offset + 160, value.translation2, true);
    view.setBigUint64(offset + 168, value.translation3, true);
    view.setBigUint64(offset + 176, value.origin0, true);
    view.setBigUint64(offset + 184, value.origin1, true);
    view.setBigUint64(offset + 192, value.origin2, true);
  },
  decode(view, offset) {
    return {
      cookie: view.getBigUint64(offset, true),
      hi: view.getBigUint64(offset + 8, true),
      lo: view.getBigUint64(offset + 16, true),
      port: view.getUint16(offset + 24, true),
      protocol: view.getUint8(offset + 26),
      namespace: view.getBigUint64(offset + 32, true),
      now: view.getUint32(offset + 40, true),
      kind: view.getUint8(offset + 44),
      reason: view.getUint8(offset + 45),
      affinity: view.getUint8(offset + 46),
      flow: view.getUint8(offset + 47),
      reverse: view.getUint8(offset + 48),
      service: view.getUint32(offset + 52, true),
      peer0: view.getBigUint64(offset + 56, true),
      peer1: view.getBigUint64(offset + 64, true),
      peer2: view.getBigUint64(offset + 72, true),
      peer3: view.getBigUint64(offset + 80, true),
      frontend0: view.getBigUint64(offset + 88, true),
      frontend1: view.getBigUint64(offset + 96, true),
      frontend2: view.getBigUint64(offset + 104, true),
      affinityKey0: view.getBigUint64(offset + 112, true),
      affinityKey1: view.getBigUint64(offset + 120, true),
      affinityKey2: view.getBigUint64(offset + 128, true),
      affinity0: view.getBigUint64(offset + 136, true),
      translation0: view.getBigUint64(offset + 144, true),
      translation1: view.getBigUint64(offset + 152, true),
      translation2: view.getBigUint64(offset + 160, true),
      translation3: view.getBigUint64(offset + 168, true),
      origin0: view.getBigUint64(offset + 176, true),
      origin1: view.getBigUint64(offset + 184, true),
      origin2: view.getBigUint64(offset + 192, true),
    };
  },
};

export interface Address {
  hi: bigint;
  lo: bigint;
}

export const addressCodec: Codec<Address> & { readonly layoutHash: string } = {
  size: 16,
  layoutHash: '22009870583ceefc',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.hi, true);
    view.setBigUint64(offset + 8, value.lo, true);
  },
  decode(view, offset) {
    return {
      hi: view.getBigUint64(offset, true),
      lo: view.getBigUint64(offset + 8, true),
    };
  },
};

export interface Tuple {
  sourceHi: bigint;
  sourceLo: bigint;
  destinationHi: bigint;
  destinationLo: bigint;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
}

export const tupleCodec: Codec<Tuple> & { readonly layoutHash: string } = {
  size: 40,
  layoutHash: '2b490aae93b9a95d',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.sourceHi, true);
    view.setBigUint64(offset + 8, value.sourceLo, true);
    view.setBigUint64(offset + 16, value.destinationHi, true);
    view.setBigUint64(offset + 24, value.destinationLo, true);
    view.setUint16(offset + 32, value.sourcePort, true);
    view.setUint16(offset + 34, value.destinationPort, true);
    view.setUint8(offset + 36, value.protocol);
    view.setUint8(offset + 37, 0);
    view.setUint16(offset + 38, 0, true);
  },
  decode(view, offset) {
    return {
      sourceHi: view.getBigUint64(offset, true),
      sourceLo: view.getBigUint64(offset + 8, true),
      destinationHi: view.getBigUint64(offset + 16, true),
      destinationLo: view.getBigUint64(offset + 24, true),
      sourcePort: view.getUint16(offset + 32, true),
      destinationPort: view.getUint16(offset + 34, true),
      protocol: view.getUint8(offset + 36),
    };
  },
};

export interface FlowKey {
  lowHi: bigint;
  lowLo: bigint;
  highHi: bigint;
  highLo: bigint;
  lowPort: number;
  highPort: number;
  protocol: number;
}

export const flowKeyCodec: Codec<FlowKey> & { readonly layoutHash: string } = {
  size: 40,
  layoutHash: '9b7a824255e96bd4',
  encode(value, view, offset) {
    view.setBigUint64(offset, value.lowHi, true);
    view.setBigUint64(offset + 8, value.lowLo, true);
    view.setBigUint64(offset + 16, value.highHi, true);
    view.setBigUint64(offset + 24, value.highLo, true);
    view.setUint16(offset + 32, value.lowPort, true);
    view.setUint16(offset + 34, value.highPort, true);
    view.setUint8(offset + 36, value.protocol);
    view.setUint8(offset + 37, 0);
    view.setUint16(offset + 38, 0, true);
  },
  decode(view, offset) {
    return {
      lowHi: view.getBigUint64(offset, true),
      lowLo: view.getBigUint64(offset + 8, true),
      highHi: view.getBigUint64(offset + 16, true),
      highLo: view.getBigUint64(offset + 24, true),
      lowPort: view.getUint16(offset + 32, true),
      highPort: view.getUint16(offset + 34, true),
      protocol: view.getUint8(offset + 36),
    };
  },
};
