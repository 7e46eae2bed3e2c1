"""python celery_enqueue.py <count> [confirm]: sends no-op tasks one after the other; prints how long it took."""
import json
import sys
import time

from celery_app import app, noop

if 'confirm' in sys.argv:
    app.conf.broker_transport_options = {'confirm_publish': True}
count = int(sys.argv[1])
noop.delay(0)
start = time.perf_counter()
for number in range(1, count):
    noop.delay(number)
print(json.dumps({'count': count - 1, 'ms': (time.perf_counter() - start) * 1000}))
