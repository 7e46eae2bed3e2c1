"""The tasks of the benchmarks as a Celery app. Children write when their first and last task ran, as tq's do."""
import json
import os
import threading
import time

from celery import Celery

app = Celery('bench', broker=os.environ['BENCH_QUEUE'], backend=os.environ.get('BENCH_RESULTS') or None)
app.conf.update(
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
    task_acks_late=os.environ.get('BENCH_ACKS_LATE') == '1',
)
seen = {'count': 0, 'first': 0.0, 'last': 0.0, 'timer': None}
ledger = os.environ.get('BENCH_LEDGER')


def note():
    seen['last'] = time.time()
    if seen['count'] == 0:
        seen['first'] = seen['last']
    seen['count'] += 1
    if ledger and seen['timer'] is None:
        seen['timer'] = threading.Timer(0.2, write)
        seen['timer'].daemon = True
        seen['timer'].start()


def write():
    seen['timer'] = None
    page = {'count': seen['count'], 'firstMs': seen['first'] * 1000, 'lastMs': seen['last'] * 1000}
    part = os.path.join(ledger, '%d.part' % os.getpid())
    with open(part, 'w') as file:
        json.dump(page, file)
    os.rename(part, os.path.join(ledger, '%d.json' % os.getpid()))


@app.task(name='bench.noop', ignore_result=True)
def noop(*_):
    note()


@app.task(name='bench.echo')
def echo(value):
    note()
    return value


@app.task(name='bench.length')
def length(values):
    return len(values)
