// Runs a measurement: all its subjects, one after the other, round after round, so that whatever else the machine does
// meets each of them alike. What counts is a ratio within a round; absolute numbers are for the reader's interest.

/**
 * @typedef {object} Measurement  What a file in measure/ exports.
 * @property {string} name  As it is typed: `npm run bench drain-sqlite`.
 * @property {string} title  What is measured, in a sentence.
 * @property {'tasks/s' | 'ms' | 'bytes'} unit
 * @property {number} rounds
 * @property {number} seconds  No further round begins after so long.
 * @property {number} [warmUps]  Rounds that are run first and not counted.
 * @property {(folder: string) => Promise<Shared>} [open]  Prepares what the subjects share: filled queues, servers.
 * @property {readonly Subject[]} subjects  tq in its variants, what it is compared with, and its peers.
 * @property {readonly Goal[]} goals
 * @property {string} [note]
 *
 * @typedef {object} Subject
 * @property {string} name
 * @property {(shared: Shared) => Promise<number | Record<string, number>>} run  One sample, or several by name.
 * @property {() => string | undefined} [missing]  Why it can't run on this machine.
 *
 * @typedef {object} Goal  A row, and what it is held against in the same round: `factor` × `against` + `plus`.
 * @property {string} row  A subject, or `subject, sample` where it has several.
 * @property {string} [against]  Another row. Without it, `factor` and `plus` alone.
 * @property {'at least' | 'at most'} is
 * @property {number} [factor]
 * @property {number} [plus]
 *
 * @typedef {Record<string | symbol, unknown>} Shared  May have `Symbol.asyncDispose`, called after the last round.
 */

/** @returns {Promise<Report>} @param {Measurement} measurement */
export async function measure(measurement, { rounds, limitMs, folder, say }) {
  const subjects = measurement.subjects.filter((subject) => !subject.missing?.());
  const skipped = measurement.subjects
    .map((subject) => ({ name: subject.name, reason: subject.missing?.() }))
    .filter(({ reason }) => reason);
  const samples = [];
  const endMs = performance.now() + limitMs;
  const shared = { folder, ...(await measurement.open?.(folder)) };
  try {
    for (let round = -(measurement.warmUps ?? 0); round < rounds; round++) {
      if (samples.length > 0 && performance.now() > endMs) break;
      say(`${measurement.name}: ${round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`}`);
      const sample = await playRound(rotated(subjects, round), shared);
      if (round >= 0) samples.push(sample);
    }
  } finally {
    await shared[Symbol.asyncDispose]?.();
  }
  return {
    measurement,
    skipped,
    rounds: samples.length,
    rows: rowsOf(samples),
    goals: judge(measurement, samples),
  };
}

/** @returns {Promise<Map<string, number>>} a value for each row */
async function playRound(subjects, shared) {
  const values = new Map();
  for (const subject of subjects) {
    const result = await subject.run(shared);
    if (typeof result === 'number') values.set(subject.name, result);
    else for (const [name, value] of Object.entries(result)) values.set(`${subject.name}, ${name}`, value);
  }
  return values;
}

/** Whoever is first meets a cooler machine, so everyone is first in turn. */
function rotated(subjects, round) {
  const from = Math.max(round, 0) % Math.max(subjects.length, 1);
  return [...subjects.slice(from), ...subjects.slice(0, from)];
}

/** In the order of the subjects, which is that of no round but the first. */
function rowsOf([first, ...others]) {
  return [...first.keys()].map((name) => ({
    name,
    ...spread([first, ...others].map((sample) => sample.get(name))),
  }));
}

/** Each goal with the ratio of every round, and whether the median of the rounds meets it. */
function judge({ goals }, samples) {
  return goals.map((goal) => {
    const rounds = samples.filter(
      (sample) => sample.has(goal.row) && (!goal.against || sample.has(goal.against)),
    );
    if (rounds.length === 0) return { goal, met: undefined };
    const ratio =
      goal.against && spread(rounds.map((sample) => sample.get(goal.row) / sample.get(goal.against)));
    const share = spread(rounds.map((sample) => sample.get(goal.row) / limitOf(goal, sample)));
    return { goal, ratio, share, met: goal.is === 'at least' ? share.median >= 1 : share.median <= 1 };
  });
}

function limitOf({ against, factor = 1, plus = 0 }, sample) {
  return against ? factor * sample.get(against) + plus : factor * plus;
}

/** The middle value and the outermost ones. */
export function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: sorted[0], max: sorted.at(-1) };
}

/** Of values in ascending order. */
export function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  return below + (sorted[Math.ceil(place)] - below) * (place - Math.floor(place));
}
