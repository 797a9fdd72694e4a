/**
 * What a piece of a task is given.
 *
 * @module
 */
import type { PieceContext, Rng } from "../../dsl/mod.ts";
import { makeRng } from "../rng/rng.ts";
import type { Scope } from "../session/scope.ts";
import type { Halt } from "./halt.ts";

/** One try of a piece. */
export interface PieceTry {
  /** What it is, with the names that tell it from the task's other pieces. */
  readonly piece: readonly ["map", name: string, key: string] | readonly ["step", key: string];
  /** Its key. */
  readonly key: string;
  /** The task's key, the same on every repeat. */
  readonly idempotencyKey: string;
  /** Which try it is, from 1. */
  readonly try: number;
  /** What tells it to end. */
  readonly halt: Halt;
  /** The task, with its turn where it repeats. */
  readonly task: string;
  /** The task's node. */
  readonly node: string;
}

/** The context of one try of a piece. */
export function pieceContext(scope: Scope, piece: PieceTry): PieceContext {
  const { job, seed, phase, epoch } = scope;
  const { key, halt, task, node } = piece;
  // Keys are users' data: what separates the parts must not occur in them.
  const parts = piece.piece.map((part) => encodeURIComponent(part.toWellFormed()));
  const idempotencyKey = [piece.idempotencyKey, ...parts].join(":");
  const streams = new Map<string, Rng>();
  return {
    key,
    idempotencyKey,
    try: piece.try,
    get signal(): AbortSignal {
      return halt.signal;
    },
    rng(stream: string): Rng {
      const known = streams.get(stream);
      if (known !== undefined) return known;
      const made = makeRng({
        job,
        seed,
        phase,
        epoch,
        task,
        node,
        name: stream,
        piece: piece.piece,
      });
      streams.set(stream, made);
      return made;
    },
  };
}
