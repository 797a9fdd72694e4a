/** Counts what this process has open: threads of workers, files, memory that threads share. */

/** What is open. */
export interface OpenThings {
  /** The system's threads, but for those of Deno's pools, which come and go. */
  readonly threads: number;
  /** Workers that were made and have not been ended. */
  readonly workers: number;
  /** What file descriptors stand for. */
  readonly files: readonly string[];
  /** The bytes of each piece of shared memory that is alive. */
  readonly buffers: readonly number[];
}

/** Threads and files whose number is Deno's own affair. */
const POOLS = /^(tokio-|V8 )/;
const CACHES = /_cache_v\d/;

const workers = new Set<Worker>();
const buffers: WeakRef<SharedArrayBuffer>[] = [];
let workersMade = 0;

/** How many workers and pieces of shared memory were made since the watch began. */
export function madeSoFar(): { readonly workers: number; readonly buffers: number } {
  return { workers: workersMade, buffers: buffers.length };
}

/** Watches which workers and which shared memory are made from now on. */
export async function watchOpenThings(): Promise<void> {
  globalThis.SharedArrayBuffer = new Proxy(SharedArrayBuffer, {
    construct: (made, args, target) => {
      const buffer: SharedArrayBuffer = Reflect.construct(made, args, target);
      buffers.push(new WeakRef(buffer));
      return buffer;
    },
  });
  globalThis.Worker = class extends Worker {
    constructor(source: string | URL, options?: WorkerOptions) {
      super(source, options);
      workers.add(this);
      workersMade++;
    }
    override terminate(): void {
      workers.delete(this);
      super.terminate();
    }
  };
  // With its first worker Deno starts what it then keeps.
  const first = new Worker("data:text/javascript,postMessage(1)", { type: "module" });
  await new Promise((resolve) => first.onmessage = resolve);
  first.terminate();
  workersMade = 0;
  await new Promise((resolve) => setTimeout(resolve, 500));
}

/** What is open, once it is like something, or after so long. */
export async function openLike(like: OpenThings, longestMs: number): Promise<OpenThings> {
  const wanted = JSON.stringify(like);
  const from = performance.now();
  for (;;) {
    const now = await openThings();
    if (JSON.stringify(now) === wanted || performance.now() - from > longestMs) return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What is open now. */
export async function openThings(): Promise<OpenThings> {
  const collect = (globalThis as { readonly gc?: () => void }).gc;
  if (collect === undefined) throw new Error("run with --v8-flags=--expose-gc");
  // What was only looked at in this turn is still held.
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  const alive = buffers.flatMap((buffer) => buffer.deref()?.byteLength ?? []);
  return {
    threads: namesIn("/proc/self/task")
      .flatMap((id) => ifThere(() => Deno.readTextFileSync(`/proc/self/task/${id}/comm`)))
      .filter((name) => !POOLS.test(name)).length,
    workers: workers.size,
    files: namesIn("/proc/self/fd")
      .flatMap((id) => ifThere(() => Deno.readLinkSync(`/proc/self/fd/${id}`)))
      .filter((name) => !CACHES.test(name)).sort(),
    buffers: alive,
  };
}

function namesIn(folder: string): readonly string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}

/** What is read of something that may be gone by now. */
function ifThere<T>(read: () => T): T[] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
