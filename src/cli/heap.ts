import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

/**
 * Makes every object young, as nearly all of a request's are. V8 would allocate what seems to last among the old ones at
 * once, judges that while a start is still under way, and keeps to it: in one start of two or three each request then
 * left six kilobytes that only a full collection clears away, and cost a third more CPU.
 */
export function makeObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/**
 * Collects garbage and returns memory to the system, which takes tens of milliseconds. The engine's function is switched on here and not by a flag of
 * the binary: other flags than those it was built with would void its code cache, and every start would compile anew.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as Collect | undefined;
  collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  returnFreedMemory();
}

/**
 * Has the C library give back what has been freed. glibc keeps it all below the highest piece that is still in use: after
 * bodies of megabytes that is most of what the process takes. Calling into it is new in Node; where that is not to be
 * had, or it is another library, everything stays as it is.
 */
function returnFreedMemory(): void {
  if (process.platform !== 'linux') return;
  try {
    const ffi = withoutWarnings(() => process.getBuiltinModule('node:ffi'));
    const libc = ffi.dlopen('libc.so.6', { malloc_trim: { return: 'int32', arguments: ['uint64'] } });
    libc.functions.malloc_trim(0n);
    libc.lib.close();
  } catch {
    // Nothing depends on it.
  }
}

/** Node warns on standard error that this is experimental, which a user of the router can do nothing about. */
function withoutWarnings<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
