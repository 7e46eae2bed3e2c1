import { readFileSync } from 'node:fs';
import { UsageError } from './errors.ts';

export interface Wish {
  readonly umask?: string | undefined;
  readonly uid?: string | undefined;
  readonly gid?: string | undefined;
}

/** Takes on the mask, group and user of the command line, in that order: a user may not change groups. @throws UsageError */
export function takePrivileges(wish: Wish): void {
  if (wish.umask !== undefined) process.umask(readMask(wish.umask));
  if (wish.uid === undefined && wish.gid === undefined) return;
  const { getuid, initgroups, setgid, setuid } = process as NodeJS.Process & {
    readonly initgroups?: (user: string | number, group: string | number) => void;
  };
  if (!getuid || !initgroups || !setgid || !setuid) {
    throw new UsageError('--uid and --gid need a POSIX system.', {
      remedy: 'On Windows, start the service as the user it should run as.',
    });
  }
  const user = wish.uid === undefined ? undefined : idOrName(wish.uid);
  const group = wish.gid === undefined ? groupOf(wish.uid as string) : idOrName(wish.gid);
  try {
    if (user !== undefined && getuid() === 0) initgroups(user, group);
    setgid(group);
    if (user !== undefined) setuid(user);
  } catch (error) {
    throw new UsageError(
      `Can't run as ${wish.uid ?? ''}${wish.gid === undefined ? '' : `:${wish.gid}`}: ${(error as Error).message}.`,
      {
        remedy: 'Only root may change to another user or group, and both must exist.',
        cause: error,
      },
    );
  }
}

/** A user's own group: keeping that of root would give up little. */
function groupOf(uid: string): number {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , , group] = users.find(([name, , id]) => name === uid || id === uid) ?? [];
  if (group === undefined)
    throw new UsageError(`The group of user ${uid} is not known here.`, { remedy: 'Give --gid too.' });
  return Number(group);
}

function readMask(text: string): number {
  if (!/^[0-7]{1,4}$/.test(text))
    throw new UsageError(`--umask must be an octal number such as 022, not ${JSON.stringify(text)}.`);
  return Number.parseInt(text, 8);
}

function idOrName(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}
