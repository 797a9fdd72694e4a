/** A store whose packs wait until they are let through. */
import { MemoryStore } from "../../../storage/mod.ts";
import { turns } from "../helpers.ts";
import { FaultyStore } from "./faulty_store.ts";

/** A store in memory, each pack of which waits until it is let through. */
export class SlowStore extends FaultyStore {
  readonly waiting: (() => void)[] = [];
  isOpen = false;

  constructor() {
    super(new MemoryStore());
  }

  override async write(...given: Parameters<FaultyStore["write"]>): Promise<number> {
    if (!this.isOpen) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return await super.write(...given);
  }

  /** Waits until a pack waits. */
  async arrived(): Promise<void> {
    while (this.waiting.length === 0) await turns(1);
  }

  /** Lets those through that wait. */
  letGo(): void {
    for (const go of this.waiting.splice(0)) go();
  }

  /** Lets all through, now and from now on. */
  letThrough(): void {
    this.isOpen = true;
    this.letGo();
  }
}
