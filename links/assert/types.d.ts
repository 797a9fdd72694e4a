/** A class whose instances an assertion speaks of. */
// deno-lint-ignore no-explicit-any -- constructor parameters are contravariant: only `any` takes every class
export type AnyConstructor = abstract new (...args: any[]) => unknown;

/** A constructor of errors. */
// deno-lint-ignore no-explicit-any -- constructor parameters are contravariant: only `any` takes every class
export type ErrorConstructorLike<E extends Error> = abstract new (...args: any[]) => E;

/** A value that is none of JavaScript's falsy ones. */
export type Falsy = false | 0 | 0n | "" | null | undefined;

/** Thrown when an assertion does not hold. */
export class AssertionError extends Error {
  /** Makes the error that says what does not hold. */
  constructor(message: string, options?: ErrorOptions);
}

/** Asserts that a value is truthy. */
export function assert(expr: unknown, msg?: string): asserts expr;
/** Asserts that two numbers differ by no more than the tolerance. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void;
/** Asserts that an array-like value holds all of the expected elements. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
): void;
/** Asserts that two values are equal, part by part. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
/** Asserts that a value is neither `null` nor `undefined`. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
/** Asserts that a value is falsy. */
export function assertFalse<T>(expr: T, msg?: string): asserts expr is T & Falsy;
/** Asserts that the first value is greater. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
/** Asserts that the first value is greater or equal. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
/** Asserts that a value is an instance of a class. */
export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is InstanceType<T>;
/** Asserts that a value is an error, of a class and with a message where these are given. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorConstructorLike<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E;
/** Asserts that the first value is less. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void;
/** Asserts that the first value is less or equal. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
/** Asserts that a string matches a pattern. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
/** Asserts that two values are not equal, part by part. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
/** Asserts that a value is not an instance of a class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  unexpectedType: abstract new (...args: never[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T>;
/** Asserts that a string does not match a pattern. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
/** Asserts that two values are not the same under `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
/** Asserts that an object has at least the expected properties. */
export function assertObjectMatch(
  actual: Record<PropertyKey, unknown> | object,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void;
/** Asserts that a promise is rejected, and gives what it was rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Asserts that a promise is rejected with an error of a class, and gives that error. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorConstructorLike<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
/** Asserts that two values are the same under `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T;
/** Asserts that a string holds another. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
/** Asserts that a function throws, and gives what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that a function throws an error of a class, and gives that error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorConstructorLike<E>,
  msgIncludes?: string,
  msg?: string,
): E;
/** Whether two values are equal, part by part. */
export function equal(a: unknown, b: unknown): boolean;
/** Fails. */
export function fail(msg?: string): never;
/** Fails where something is not implemented. */
export function unimplemented(msg?: string): never;
/** Fails where execution must not come. */
export function unreachable(msg?: string): never;
