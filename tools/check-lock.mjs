// The lock file must serve every platform, and every registry. Some releases reach a registry without all of their
// per-platform binaries; `npm install` then leaves these out without a word, and `npm ci` fails, here or on a Mac.
import { faultsOf, outdatedFor, readLock } from './lock.mjs';
import { runCheck } from './repository.mjs';

await runCheck('package-lock.json', (root) => {
  const lock = readLock(root);
  return [
    ...outdatedFor(root, lock).map(
      (file) => `${file} has changed since the lock file was made. Run: npm install`,
    ),
    ...faultsOf(lock),
  ];
});
