import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory rather than disk where there is such a folder: writes there never wait for another program's fsync. */
const FOLDERS = ['/dev/shm', tmpdir()];

/** Opens an empty file that only those know who inherit its descriptor, and that is gone when the last one has closed it. */
export function openNamelessFile(): number {
  const name = `tq-${process.pid}-${randomUUID()}`;
  let reason: unknown;
  for (const folder of FOLDERS) {
    try {
      return openAndUnlink(join(folder, name));
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
}

function openAndUnlink(path: string): number {
  const fd = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
