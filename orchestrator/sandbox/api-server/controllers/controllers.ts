// Controllers: what a cluster does by itself, as far as clients of the API count on it.
import type { Context } from '../context.ts';
import { Definitions } from './definitions.ts';
import { Garbage } from './garbage.ts';
import { LoadBalancers } from './load-balancers.ts';
import { Namespaces } from './namespaces.ts';
import { writeOwnService } from './own-service.ts';
import { Services } from './services.ts';
import { SliceMirror } from './slice-mirror.ts';

interface Controller {
  open(): Promise<void>;
  close(): Promise<void>;
}

export class Controllers {
  private readonly context: Context;
  private readonly first: Controller;
  private readonly others: readonly Controller[];
  private opening: readonly Promise<void>[] = [];
  private closed = false;

  constructor(context: Context) {
    this.context = context;
    this.first = new Namespaces(context);
    this.others = [
      new Services(context),
      new LoadBalancers(context),
      new SliceMirror(context),
      new Definitions(context),
      new Garbage(context),
    ];
  }

  /** The usual namespaces are there when this resolves; the rest reads what the cluster holds while it is already served. */
  async open(): Promise<void> {
    await this.first.open();
    await writeOwnService(this.context);
    this.opening = this.others.map((controller) => this.begin(controller));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.opening);
    for (const controller of [this.first, ...this.others]) await controller.close();
  }

  private async begin(controller: Controller): Promise<void> {
    while (!this.closed) {
      try {
        await controller.open();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }
}
