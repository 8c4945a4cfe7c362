// Run folders: what stands below --run-dir.

/** Of the datapath process: its memory, its socket, its ports. */
export const datapathFolder = 'datapath';
/** Files that tell of pods' TUN devices. */
export const devicesFolder = 'devices';
/** Of the DNS proxy, in either mode: its rules, its socket, what it has told pods. */
export const dnsFolder = 'dns';
