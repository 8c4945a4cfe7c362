// Controllers: what a cluster does by itself, as far as clients of the API count on it.
import type { Context } from '../context.ts';
import { Definitions } from './definitions.ts';
import { EndpointSlices } from './endpoint-slices.ts';
import { Garbage } from './garbage.ts';
import { Namespaces } from './namespaces.ts';

interface Controller {
  open(): Promise<void>;
  close(): Promise<void>;
}

export class Controllers {
  private readonly all: readonly Controller[];

  constructor(context: Context) {
    this.all = [new Namespaces(context), new EndpointSlices(context), new Definitions(context), new Garbage(context)];
  }

  async open(): Promise<void> {
    for (const controller of this.all) await controller.open();
  }

  async close(): Promise<void> {
    for (const controller of this.all) await controller.close();
  }
}
