/**
 * Lists what is saved.
 *
 * @module
 */
import { formatRef, type Manifest, type ManifestRef } from "../../storage/mod.ts";
import type { CheckpointEngine } from "../checkpoint/engine.ts";
import { formatBytes } from "./lines.ts";

/** A saved epoch or phase, as `ls` shows it. */
export interface Listed {
  /** Its name, as `resume --from` takes it. */
  readonly ref: string;
  /** Whether it is on the current line. */
  readonly current: boolean;
  /** The bytes of its blobs. */
  readonly bytes: number | undefined;
  /** When it was written. */
  readonly at: string | undefined;
  /** The condition that held after it. */
  readonly stop: string | undefined;
  /** What is wrong with it. */
  readonly problem: string | undefined;
}

/** What is saved at a place: the current line first. */
export async function listSaved(engine: CheckpointEngine): Promise<readonly Listed[]> {
  const { line, sides } = await (await engine.archive.store()).history();
  const listed: Listed[] = [];
  for (const ref of line) listed.push(await look(engine, ref, true));
  for (const side of sides) {
    for (const ref of side.refs) listed.push(await look(engine, ref, false));
  }
  return listed;
}

async function look(engine: CheckpointEngine, ref: ManifestRef, current: boolean): Promise<Listed> {
  try {
    const manifest = await engine.archive.read(ref);
    const at = new Date(manifest.createdAtMs).toISOString();
    const { stop } = manifest.run;
    return { ref: formatRef(ref), current, bytes: sizeOf(manifest), at, stop, problem: undefined };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return {
      ref: formatRef(ref),
      current,
      bytes: undefined,
      at: undefined,
      stop: undefined,
      problem,
    };
  }
}

function sizeOf({ nodes }: Manifest): number {
  return Object.values(nodes).flatMap((entries) => Object.values(entries))
    .reduce((sum, entry) => sum + ("absent" in entry ? 0 : entry.bytes), 0);
}

/** The list as text; the current line is marked. */
export function listText(listed: readonly Listed[], place: string): string {
  if (listed.length === 0) return `nothing is saved at ${place}\n`;
  const width = Math.max(...listed.map(({ ref }) => ref.length));
  const rows = listed.map(({ ref, current, bytes, at, stop, problem }) => {
    const facts = problem ??
      `${at}  ${formatBytes(bytes ?? 0)}${stop === undefined ? "" : `  ${stop} holds`}`;
    return `${current ? "*" : " "} ${ref.padEnd(width)}  ${facts}`;
  });
  return `${place} (* is the current line)\n${rows.join("\n")}\n`;
}
