"""python celery_chord.py <members>...: a chord of so many members each, from its call to its result; prints each time in ms."""
import json
import sys
import time

from celery import chord

from celery_app import echo, length

times = []
for members in [10] + [int(text) for text in sys.argv[1:]]:
    start = time.perf_counter()
    result = chord([echo.s(index) for index in range(members)])(length.s())
    # Its own id alone: a plain get() would ask for every member at each look.
    joined = length.AsyncResult(result.id).get(timeout=300)
    assert joined == members, joined
    times.append((time.perf_counter() - start) * 1000)
print(json.dumps(times[1:]))
