/**
 * Walks a value, and refuses what could not be given back exactly.
 *
 * @module
 */
import {
  checkArray,
  checkBuiltIn,
  checkMemory,
  checkObject,
  classOf,
  type Refusal,
} from "./check.ts";
import { UnsupportedValueError } from "./errors.ts";
import { MAX_DEPTH } from "./limits.ts";
import { EntryStep, formatPath, type Step } from "./path.ts";
import { isTensor, type Tensor, type TypedArray } from "./type.ts";

/** A value that has no parts and cannot be changed. */
export type Primitive = string | number | boolean | bigint | null | undefined;

/** Is told of each part of a value, in order; walks on into containers itself, by the walk's methods. */
export interface Visitor<R> {
  /** A primitive. */
  leaf(value: Primitive): R;
  /** A Date. */
  date(value: Date): R;
  /** A typed array, a DataView or an ArrayBuffer. */
  bytes(value: TypedArray | DataView | ArrayBuffer): R;
  /** A tensor. */
  tensor(value: Tensor): R;
  /** An array, which has no holes. */
  array(value: readonly unknown[], walk: Walk<R>): R;
  /** A Map. */
  map(value: ReadonlyMap<unknown, unknown>, walk: Walk<R>): R;
  /** A Set. */
  set(value: ReadonlySet<unknown>, walk: Walk<R>): R;
  /** A plain object, and all its keys. */
  object(value: Record<string, unknown>, keys: readonly string[], walk: Walk<R>): R;
}

/** Who else has an object or a buffer. */
export interface Owners {
  /** Takes note that an object is in this value; throws where it is elsewhere too. */
  claim(object: object, what: string, path: () => string): void;
}

/** Walks a value, keeping the way to where it is. */
export class Walk<R> {
  readonly #steps: Step[] = [];
  readonly #here = (): string => this.name + formatPath(this.#steps);

  /** Takes who is told of the parts, who else may have them, and the blob's name. */
  constructor(readonly visitor: Visitor<R>, readonly owners: Owners, readonly name: string) {}

  /** Visits a value and all inside it. */
  visit(value: unknown): R {
    switch (typeof value) {
      case "string":
      case "number":
      case "boolean":
      case "bigint":
      case "undefined":
        return this.visitor.leaf(value);
      case "object":
        return value === null ? this.visitor.leaf(null) : this.#object(value);
      case "function":
        throw this.#refuse({ found: "a function" });
      default:
        throw this.#refuse({ found: "a symbol", mend: "use a text in its place" });
    }
  }

  /** Visits an item of an array, or a property of an object. */
  item(step: number | string, value: unknown): R {
    return isLeaf(value) ? this.visitor.leaf(value) : this.#inside(step, value);
  }

  /** Visits the key of a Map's entry. */
  key(index: number, key: unknown): R {
    return isLeaf(key) ? this.visitor.leaf(key) : this.#inside(new EntryStep("key", index), key);
  }

  /** Visits the value of a Map's entry. */
  value(index: number, key: unknown, value: unknown): R {
    if (isLeaf(value)) return this.visitor.leaf(value);
    return this.#inside(new EntryStep("value", index, key), value);
  }

  /** Visits an item of a Set. */
  member(index: number, value: unknown): R {
    if (isLeaf(value)) return this.visitor.leaf(value);
    return this.#inside(new EntryStep("item", index), value);
  }

  #inside(step: Step, value: unknown): R {
    this.#steps.push(step);
    const result = this.visit(value);
    this.#steps.pop();
    return result;
  }

  #object(value: object): R {
    if (this.#steps.length >= MAX_DEPTH) {
      throw this.#refuse({
        found: `nested more than ${MAX_DEPTH} deep`,
        mend: "use a flatter structure, or give the blob a codec",
      });
    }
    const { visitor } = this;
    const is = classOf(value);
    if (typeof is === "object") throw this.#refuse(is);
    if (is === "bytes") {
      this.#bytes(value as TypedArray | DataView | ArrayBuffer);
      return visitor.bytes(value as TypedArray | DataView | ArrayBuffer);
    }
    this.owners.claim(value, "an object", this.#here);
    switch (is) {
      case "object":
        return this.#plain(value);
      case "Array":
        this.#check(checkArray(value as unknown[]));
        return visitor.array(value as unknown[], this);
    }
    this.#check(checkBuiltIn(value));
    if (is === "Map") return visitor.map(value as Map<unknown, unknown>, this);
    if (is === "Set") return visitor.set(value as Set<unknown>, this);
    return visitor.date(value as Date);
  }

  #plain(value: object): R {
    const keys = Reflect.ownKeys(value);
    this.#check(checkObject(value, keys));
    // Checked: its keys are all text, and reading them runs no code.
    if (!isTensor(value)) {
      return this.visitor.object(value as Record<string, unknown>, keys as string[], this);
    }
    this.#part("shape", value.shape, () => {
      this.owners.claim(value.shape, "an object", this.#here);
      this.#check(checkArray(value.shape));
    });
    this.#part("data", value.data, () => this.#bytes(value.data));
    return this.visitor.tensor(value);
  }

  /** Checks a part of a tensor. */
  #part(step: string, value: object, check: () => void): void {
    this.#steps.push(step);
    const is = classOf(value);
    if (typeof is === "object") throw this.#refuse(is);
    check();
    this.#steps.pop();
  }

  #bytes(value: TypedArray | DataView | ArrayBuffer): void {
    this.#check(checkBuiltIn(value));
    const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
    this.#check(checkMemory(buffer));
    // An empty buffer holds nothing that two views could share.
    if (buffer.byteLength > 0) this.owners.claim(buffer, "memory", this.#here);
  }

  #check(refusal: Refusal | undefined): void {
    if (refusal !== undefined) throw this.#refuse(refusal);
  }

  #refuse({ found, mend }: Refusal): UnsupportedValueError {
    return new UnsupportedValueError(this.#here(), found, mend, this.name);
  }
}

function isLeaf(value: unknown): value is Primitive {
  switch (typeof value) {
    case "object":
      return value === null;
    case "function":
    case "symbol":
      return false;
    default:
      return true;
  }
}
