"""python celery_round_trip.py <count>: calls and waits, one at a time; prints each time in ms."""
import json
import sys
import time

from celery_app import echo

times = []
for call in range(-50, int(sys.argv[1])):
    start = time.perf_counter()
    assert echo.delay(call).get(timeout=10) == call
    if call >= 0:
        times.append((time.perf_counter() - start) * 1000)
print(json.dumps(times))
