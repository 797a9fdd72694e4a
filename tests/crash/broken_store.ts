/** Stores that are broken on purpose. */

import type { Store, WriteOptions } from "tidemark";

/** A store that passes everything on; for wrappers that change one thing. */
class PassingStore implements Store {
  constructor(protected readonly store: Store) {}
  get kind(): string {
    return this.store.kind;
  }
  get place(): string {
    return this.store.place;
  }
  get bytesRead(): number {
    return this.store.bytesRead;
  }
  get bytesWritten(): number {
    return this.store.bytesWritten;
  }
  promises(...args: Parameters<Store["promises"]>): ReturnType<Store["promises"]> {
    return this.store.promises(...args);
  }
  put(...args: Parameters<Store["put"]>): Promise<void> {
    return this.store.put(...args);
  }
  write(...args: Parameters<Store["write"]>): Promise<number> {
    return this.store.write(...args);
  }
  get(...args: Parameters<Store["get"]>): ReturnType<Store["get"]> {
    return this.store.get(...args);
  }
  open(...args: Parameters<Store["open"]>): ReturnType<Store["open"]> {
    return this.store.open(...args);
  }
  list(...args: Parameters<Store["list"]>): Promise<string[]> {
    return this.store.list(...args);
  }
  remove(...args: Parameters<Store["remove"]>): Promise<void> {
    return this.store.remove(...args);
  }
  stat(...args: Parameters<Store["stat"]>): ReturnType<Store["stat"]> {
    return this.store.stat(...args);
  }
}

/** Writes packs only once the manifest that names them is linked. */
export class LatePackStore extends PassingStore {
  readonly #held: (() => Promise<number>)[] = [];

  override write(
    name: string,
    parts: Iterable<Uint8Array>,
    options?: WriteOptions,
  ): Promise<number> {
    const copies = [...parts].map((part) => part.slice());
    this.#held.push(() => this.store.write(name, copies, options));
    return Promise.resolve(copies.reduce((sum, part) => sum + part.byteLength, 0));
  }

  override async put(name: string, bytes: Uint8Array, options?: WriteOptions): Promise<void> {
    await this.store.put(name, bytes, options);
    for (const write of this.#held.splice(0)) await write();
  }
}

/** Forgets which phases are finished. */
export class NoPhasesStore extends PassingStore {
  override async list(...[prefix, options]: Parameters<Store["list"]>): Promise<string[]> {
    return prefix === "phases/" ? [] : await this.store.list(prefix, options);
  }
}

/** Does not list the newest epoch. */
export class StaleListStore extends PassingStore {
  override async list(...[prefix, options]: Parameters<Store["list"]>): Promise<string[]> {
    const names = await this.store.list(prefix, options);
    return prefix === "epochs/" ? names.slice(0, -1) : names;
  }
}
