/**
 * The resources of a run: opened when first needed, closed at the end.
 *
 * @module
 */
import type { ParamRef, ResourceRef } from "../../dsl/mod.ts";
import type { ParamValue } from "../../dsl/mod.ts";

interface Opened {
  readonly resource: ResourceRef<unknown>;
  readonly value: unknown;
}

/** Opens each resource once for each node, and closes them in reverse order. */
export class ResourcePool {
  readonly #open = new Map<string, Promise<unknown>>();
  /** In the order in which their opening ended, so that each stands after those it reads. */
  #opened: Opened[] = [];
  #isClosed = false;

  /** Takes what resources are opened with. */
  constructor(
    /** A param's value. */
    readonly param: (param: ParamRef<unknown>) => ParamValue,
    /** Aborted when the run stops. */
    readonly signal: AbortSignal,
    /** Is told of each stamp, to compare it with the saved one. */
    readonly onStamp: (key: string, stamp: unknown) => void = () => {},
  ) {}

  /** The resource of a node, opened if it is not yet. */
  get(resource: ResourceRef<unknown>, node: string): Promise<unknown> {
    const key = `${node}/${resource.name}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const value = this.#openOne(resource, node, key);
    this.#open.set(key, value);
    // Kept only where it opens, so that a task's next try opens it again.
    value.catch(() => this.#open.delete(key));
    return value;
  }

  /**
   * Closes all, the last opened first; throws the first error once all have been tried. One that is
   * still opening is not waited for: it is closed when it has opened.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const errors: unknown[] = [];
    const opened = this.#opened.reverse();
    this.#opened = [];
    this.#open.clear();
    for (const one of opened) await closeOne(one).catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  }

  async #openOne(resource: ResourceRef<unknown>, node: string, key: string): Promise<unknown> {
    const inputs: Record<string, unknown> = {};
    for (const [name, read] of Object.entries(resource.reads)) {
      inputs[name] = read.kind === "param" ? this.param(read) : await this.get(read, node);
    }
    const context = { signal: this.signal, node };
    const value = await resource.open(inputs as never, context);
    const opened = { resource, value };
    try {
      this.#checkNotClosed(resource);
      if (resource.stamp !== undefined) {
        const stamp: unknown = await resource.stamp(value as never);
        this.#checkNotClosed(resource);
        this.onStamp(key, stamp);
      }
    } catch (error) {
      await closeOne(opened);
      throw error;
    }
    this.#opened.push(opened);
    return value;
  }

  #checkNotClosed({ name }: ResourceRef<unknown>): void {
    if (this.#isClosed) throw new Error(`Resource "${name}" opened after the run had ended`);
  }
}

async function closeOne({ resource, value }: Opened): Promise<void> {
  try {
    await resource.close?.(value as never);
  } catch (error) {
    throw new Error(`Cannot close resource "${resource.name}"`, { cause: error });
  }
}
