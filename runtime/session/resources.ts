/**
 * The resources of a run: opened when first needed, closed at the end.
 *
 * @module
 */
import type { ParamRef, ResourceRef } from "../../dsl/mod.ts";
import type { ParamValue } from "../../dsl/mod.ts";

interface Open {
  readonly resource: ResourceRef<unknown>;
  readonly value: Promise<unknown>;
  readonly key: string;
}

/** Opens each resource once for each node, and closes them in reverse order. */
export class ResourcePool {
  readonly #open = new Map<string, Open>();
  readonly #stamps = new Map<string, unknown>();

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
    if (known !== undefined) return known.value;
    const value = this.#openOne(resource, node, key);
    // Kept only once it is open, so that a task's next try opens it again.
    this.#open.set(key, { resource, value, key });
    value.catch(() => this.#open.delete(key));
    return value;
  }

  /** The stamps of the resources opened so far, by `node/name`. */
  get stamps(): ReadonlyMap<string, unknown> {
    return this.#stamps;
  }

  /** Closes all, the last opened first; throws the first error once all have been tried. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    const open = [...this.#open.values()].reverse();
    this.#open.clear();
    for (const { resource, value } of open) {
      try {
        await (resource.close as ((value: unknown) => unknown) | undefined)?.(await value);
      } catch (error) {
        errors.push(new Error(`Cannot close resource "${resource.name}"`, { cause: error }));
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  async #openOne(resource: ResourceRef<unknown>, node: string, key: string): Promise<unknown> {
    const inputs: Record<string, unknown> = {};
    for (const [name, read] of Object.entries(resource.reads)) {
      inputs[name] = read.kind === "param" ? this.param(read) : await this.get(read, node);
    }
    const context = { signal: this.signal, node };
    const value = await resource.open(inputs as never, context);
    if (resource.stamp !== undefined) {
      const stamp: unknown = await resource.stamp(value as never);
      this.#stamps.set(key, stamp);
      this.onStamp(key, stamp);
    }
    return value;
  }
}
