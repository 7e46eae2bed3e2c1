"""A Celery peer: does one thing to the broker, and prints what came of it as JSON."""
import json
import sys
import time

from celery import Celery
from kombu import Connection, Exchange, Queue

verb, url, options, args = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
app = Celery("peer", broker=url)
app.conf.broker_transport_options = options


def send(queue, count, priority):
    return [app.send_task("proj.add", (i, 2), queue=queue, priority=priority).id for i in range(count)]


def take(queue, count):
    """Takes and acknowledges."""
    seen = []
    with Connection(url, transport_options=options) as connection:
        simple = connection.SimpleQueue(queue)
        for _ in range(count):
            message = simple.get(timeout=5)
            seen.append({
                "body": message.payload,
                "headers": message.headers,
                "properties": {k: v for k, v in message.properties.items() if k != "delivery_info"},
                "delivery_info": message.delivery_info,
            })
            message.ack()
        simple.close()
    return seen


def hold(queue, count):
    """Takes, and dies with it."""
    import os
    with Connection(url, transport_options=options) as connection:
        simple = connection.SimpleQueue(queue)
        seen = [simple.get(timeout=5).payload for _ in range(count)]
        print(json.dumps(seen), flush=True)
        os._exit(9)


def restore(seconds):
    """Looks for what was held for too long, as a worker does now and then."""
    with Connection(url, transport_options=options) as connection:
        channel = connection.default_channel
        end = time.time() + seconds
        while time.time() < end:
            channel.qos.restore_visible(interval=1)
            time.sleep(0.2)
    return None


def shout(exchange, key, body):
    with Connection(url, transport_options=options) as connection:
        fanout = Exchange(exchange, type="fanout")
        connection.Producer().publish(body, exchange=fanout, routing_key=key, declare=[fanout])
    return None


def hear(exchange, key):
    with Connection(url, transport_options=options) as connection:
        queue = Queue("", Exchange(exchange, type="fanout"), routing_key=key, auto_delete=True, exclusive=True)
        heard = []
        with connection.Consumer(queue, callbacks=[lambda body, message: (heard.append(body), message.ack())]):
            print(json.dumps("listening"), flush=True)
            while not heard:
                connection.drain_events(timeout=5)
    return heard


def expire(exchange, queue, key):
    """Binds a queue that expires, and clears the exchange of such bindings as if nobody had used any for an hour."""
    from kombu.transport import redis
    redis.MIN_BINDING_TTL = 1
    with Connection(url, transport_options=options) as connection:
        channel = connection.default_channel
        if not hasattr(channel, "sweep_bindings"):
            return None
        bound = Queue(queue, Exchange(exchange), routing_key=key, expires=0.05)(channel)
        bound.declare()
        time.sleep(0.3)
        return channel.sweep_bindings()


print(json.dumps(globals()[verb](*args)), flush=True)
