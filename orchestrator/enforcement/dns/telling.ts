// DNS telling: the proxy hears of changes in an order that refuses and promises nothing wrongly, around each write of the datapath.

import { dnsPassage, isSameDns } from './passage.ts';
import { noDns, type WantedDns } from './wanted-rules.ts';

export interface DnsTeller {
  /** What the proxy was told last in an earlier life; undefined when that is not known. */
  readonly earlier: WantedDns | undefined;
  /** Whether policies of the cluster have rules for names: those of pods here may be told at any time. Returns at once. */
  expect(isExpected: boolean): void;
  /**
   * Ends when the rules are in force, or when nothing more can be done about it for now: pods do not wait for a proxy that is not there. One
   * that begins is waited for, since the datapath leaves questions to it after this.
   */
  tell(rules: WantedDns): Promise<void>;
}

export class DnsTelling {
  private readonly teller: DnsTeller;
  private told: WantedDns;

  constructor(teller: DnsTeller) {
    this.teller = teller;
    this.told = teller.earlier ?? noDns;
  }

  expect(isExpected: boolean): void {
    this.teller.expect(isExpected);
  }

  /** Before the datapath changes. */
  async before(wanted: WantedDns): Promise<void> {
    if (wanted !== this.told) await this.tell(dnsPassage(this.told, wanted));
  }

  /** After it has. */
  async after(wanted: WantedDns): Promise<void> {
    if (wanted !== this.told) await this.tell(wanted);
  }

  private async tell(rules: WantedDns): Promise<void> {
    const isSame = isSameDns(rules, this.told);
    this.told = rules;
    if (!isSame) await this.teller.tell(rules);
  }
}
