// What the scripts of package.json start: `node tools/run.mjs <job> [arguments]`. A job finds the packages installed and
// the build current, on a fresh clone too.
import './node-version.mjs';

import('./jobs.mjs')
  .then(({ runJob }) => runJob(process.argv[2], process.argv.slice(3)))
  .then((code) => {
    process.exitCode = code;
  })
  .catch((error) => {
    // A Refusal is a sentence for the user; anything else is a defect of the tools and shows where.
    console.error(error.name === 'Refusal' ? error.message : error);
    process.exitCode = 1;
  });
