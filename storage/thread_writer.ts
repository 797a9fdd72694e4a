/**
 * Has files committed and touched, and memory filled, by a thread of its own.
 *
 * @module
 */
import type { CommitResult, FilesToCommit } from "./commit_files.ts";
import type { OnPoint } from "./file_commit.ts";
import type { MemoryToFill } from "./fill_memory.ts";
import type { Heartbeat } from "./heartbeat.ts";
import {
  type ThreadAnswer,
  type ThreadRequest,
  threadSource,
  type ToldError,
} from "./write_thread.ts";

/** A thread that has ended is followed by another so much later, where hearts are to beat. */
const RESTART_MS = 2000;

/** A thread, as far as it is used here. */
export interface WriterWorker {
  /** Is called with its answers. */
  onmessage: ((event: MessageEvent<ThreadAnswer>) => void) | null;
  /** Is called where it has ended with an error. */
  onerror: ((event: ErrorEvent) => void) | null;
  /** Asks it, and hands memory over. */
  postMessage(request: ThreadRequest, transfer: Transferable[]): void;
  /** Ends it. */
  terminate(): void;
}

/** Starts the thread that writes. */
function startThread(): WriterWorker {
  const source = `data:text/javascript,${encodeURIComponent(threadSource())}`;
  return new Worker(source, { type: "module", name: "tidemark writer" });
}

/** What waits for an answer. */
interface Waiting {
  /** Takes the answer. */
  readonly answered: (answer: ThreadAnswer) => void;
  /** Takes what ended the thread. */
  readonly failed: (error: Error) => void;
}

/**
 * Starts its thread with the first thing that it is asked, and ends it with the last one, or when it is
 * released; but not while a heart beats.
 */
export class ThreadWriter {
  #worker: WriterWorker | undefined;
  #isKept = false;
  #lastId = 0;
  #commits = 0;
  readonly #waiting = new Map<number, Waiting>();
  readonly #hearts = new Map<number, Heartbeat>();
  #restart: ReturnType<typeof setTimeout> | undefined;

  /** Takes how a thread is started. */
  constructor(private readonly start: () => WriterWorker = startThread) {}

  /** Commits files, whose memory must not change until then; `onPoint` is awaited before each step. */
  async commit(files: FilesToCommit, onPoint?: OnPoint): Promise<CommitResult> {
    const id = ++this.#lastId;
    const taken = new Set(files.packs.flatMap(takenOver));
    this.#commits++;
    try {
      const request = { id, commit: files, asksAtPoints: onPoint !== undefined };
      let stopped: { readonly error: unknown } | undefined;
      const answer = await this.#ask(request, [...taken], async (point, path) => {
        try {
          await onPoint?.(point, path);
        } catch (error) {
          stopped = { error };
        }
        const isStopped = stopped !== undefined;
        this.#tell({ id, goOn: !isStopped });
      });
      if ("committed" in answer) return answer.committed;
      if ("failure" in answer) {
        return { ...answer.failure, error: stopped?.error ?? revived(answer.error) };
      }
      throw new Error("the writer thread answered something else than it was asked");
    } finally {
      this.#commits--;
      this.#endIfUnused();
    }
  }

  /**
   * Fills memory that threads share; gives how many blocks are there.
   *
   * @throws {Error} Where the thread ends before; it may go on writing for a while.
   */
  async fill(fill: MemoryToFill): Promise<number> {
    const answer = await this.#ask({ id: ++this.#lastId, fill });
    return "filled" in answer ? answer.filled : 0;
  }

  /** Touches a file every so often, until it is disposed, however busy this thread is. */
  beat(heart: Heartbeat): Disposable {
    const id = ++this.#lastId;
    if (this.#worker !== undefined) this.#tell({ id, beat: heart });
    this.#hearts.set(id, heart);
    this.#thread();
    return {
      [Symbol.dispose]: () => {
        this.#hearts.delete(id);
        if (this.#hearts.size === 0) clearTimeout(this.#restart);
        this.#tell({ id, isOver: true });
        if (!this.#isKept) this.#endIfIdle();
      },
    };
  }

  /** Whether it is committing. */
  get isWriting(): boolean {
    return this.#commits > 0;
  }

  /** Keeps the thread between two things that it is asked, until it is released. */
  keep(): void {
    this.#isKept = true;
  }

  /**
   * Ends the thread once nothing is being committed and no heart beats; what it is asked next starts
   * another.
   */
  release(): void {
    this.#isKept = false;
    this.#endIfIdle();
  }

  async #ask(
    request: ThreadRequest,
    transfer: Transferable[] = [],
    onPoint: OnPoint = () => {},
  ): Promise<ThreadAnswer> {
    const { id } = request;
    const { promise, resolve, reject } = Promise.withResolvers<ThreadAnswer>();
    this.#waiting.set(id, {
      answered: (answer) => {
        if (!("point" in answer)) return resolve(answer);
        void onPoint(answer.point, answer.path);
      },
      failed: reject,
    });
    try {
      this.#thread().postMessage(request, transfer);
      return await promise;
    } finally {
      this.#waiting.delete(id);
      this.#endIfUnused();
    }
  }

  #tell(request: ThreadRequest): void {
    this.#worker?.postMessage(request, []);
  }

  /** A thread that waits would keep the process alive. */
  #endIfUnused(): void {
    if (!this.#isKept && this.#waiting.size === 0) this.#endIfIdle();
  }

  /** Ends the thread unless it is committing, or a heart beats. */
  #endIfIdle(): void {
    if (this.#commits > 0 || this.#hearts.size > 0) return;
    this.#worker?.terminate();
    this.#worker = undefined;
    const error = new Error("the thread ended before the memory was filled");
    for (const { failed } of this.#waiting.values()) failed(error);
  }

  #thread(): WriterWorker {
    if (this.#worker !== undefined) return this.#worker;
    clearTimeout(this.#restart);
    const worker = this.start();
    worker.onmessage = ({ data }) => {
      this.#waiting.get(data.id)?.answered(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      // What waits now may wait for another.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const error = new Error(`the writer thread ended: ${event.message}`);
      for (const { failed } of this.#waiting.values()) failed(error);
      // Hearts are not to be still until somebody asks; but whatever ended this one may end the next.
      if (this.#hearts.size === 0) return;
      clearTimeout(this.#restart);
      this.#restart = setTimeout(() => this.#thread(), RESTART_MS);
    };
    this.#worker = worker;
    for (const [id, beat] of this.#hearts) this.#tell({ id, beat });
    return worker;
  }
}

/** The memory of a pack that the thread takes over, so that it need not be copied. */
function takenOver({ blocks, isDisposable }: FilesToCommit["packs"][number]): ArrayBuffer[] {
  if (isDisposable !== true) return [];
  return blocks.flat().flatMap(({ buffer }) => buffer instanceof ArrayBuffer ? [buffer] : []);
}

/** An error of the thread, as this one would have thrown it. */
function revived({ name, message, code }: ToldError): Error {
  const known: unknown = Reflect.get(Deno.errors, name);
  const error: Error = typeof known === "function"
    ? new (known as new (message: string) => Error)(message)
    : new Error(message);
  return code === undefined ? error : Object.assign(error, { code });
}
