import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A copy that is read from the disk as one that was installed some day. A file that was just built lies in the system's
 * cache in larger pieces, of which every process that touches one counts the whole: 35 MB more, of no use to anybody.
 */
export function installed(binary: string, directory: string): string {
  const copy = join(directory, 'router');
  copyFileSync(binary, copy);
  execFileSync('dd', [`of=${copy}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' });
  return copy;
}
