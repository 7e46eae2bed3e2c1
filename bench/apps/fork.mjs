// node fork.mjs <count> <batch>: what Node's own channel carries to a forked child and back, as JSON in batches, without
// a pool around it. Two batches are always on their way. Prints how long it took.
import { fork } from 'node:child_process';

if (process.send) {
  process.on('message', (jobs) => {
    process.send(
      jobs.map(({ seq }) => ({ seq, outcome: { kind: 'succeeded', result: 'null', runtimeMs: 0 } })),
    );
  });
} else {
  const [count, batch] = process.argv.slice(2).map(Number);
  const child = fork(import.meta.filename, [], { serialization: 'json' });
  await through(child, 5000, batch);
  const startMs = performance.now();
  await through(child, count, batch);
  console.log(JSON.stringify({ count, ms: performance.now() - startMs }));
  child.disconnect();
}

function through(child, count, batch) {
  const payload = {
    request: { id: '0b8d1a8e-6c1c-4d0e-9d0e-6a3a0f8d1a8e', task: 'bench.noop' },
    body: '[[1],{},{}]',
  };
  return new Promise((resolve) => {
    let [sent, done] = [0, 0];
    const send = () => {
      const length = Math.min(batch, count - sent);
      if (length > 0) child.send(Array.from({ length }, (_, index) => ({ seq: sent + index, payload })));
      sent += length;
    };
    child.on('message', function hear(outcomes) {
      done += outcomes.length;
      send();
      if (done < count) return;
      child.off('message', hear);
      resolve();
    });
    send();
    send();
  });
}
