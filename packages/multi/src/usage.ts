export const USAGE = `Usage:
  tq multi start NAMES|NUMBER [options of worker]
  tq multi restart NAMES|NUMBER [-SIGNAL] [--timeout SECONDS] [options of worker]
  tq multi stop NAMES|NUMBER [-SIGNAL]
  tq multi stopwait NAMES|NUMBER [-SIGNAL] [--timeout SECONDS]
  tq multi kill NAMES|NUMBER
  tq multi show NAMES|NUMBER [options of worker]
  tq multi names NAMES|NUMBER
  tq multi get NAME NAMES|NUMBER [options of worker]
  tq multi expand TEMPLATE NAMES|NUMBER
  tq multi help`;

export const HELP = `${USAGE}

One worker in the background. Its pid file and its log come to lie in this folder:
  tq multi start w1 -A proj -l info

In folders of their own, which are made if need be. %n is the name, %I the child:
  tq multi start w1 -A proj -l info --pidfile=run/%n.pid --logfile=log/%n%I.log

Nothing is remembered: a worker is found again by its name and its pid file, and
started again with the options that are given again.
  tq multi restart w1 -A proj -l info --pidfile=run/%n.pid --logfile=log/%n%I.log
  tq multi stop w1 --pidfile=run/%n.pid          sends TERM and returns
  tq multi stopwait w1 --pidfile=run/%n.pid      returns when running tasks are done
  tq multi stopwait w1 --timeout 60              no later than after a minute
  tq multi stop w1 -QUIT                         with another signal
  tq multi kill w1 --pidfile=run/%n.pid          at once

Several, with names or as a number; celery1, celery2, … unless --range-prefix:
  tq multi start image video data -A proj -c 3
  tq multi start 3 -A proj -c 3
  tq multi start 3 -A proj --range-prefix=worker
  tq multi start w1@%h w2@other.example -A proj

Options for some of them: behind a colon stand numbers, ranges, names, or several:
  tq multi start 10 -A proj -l info -Q:1-3 images,video -Q:4,5 data -Q default -L:4,5 debug
  tq multi start image video data -A proj -c 3 -c:image 10 --concurrency:2,data=5

What would be started:
  tq multi show 3 -A proj -c 3 -c:1 10

For scripts:
  tq multi names 3
  tq multi expand '%n.pid' w1 w2                 %n name, %h name@host, %d host
  tq multi get w1 w1 w2 -c:w1 3                  the command line of one node

tq multi --help lists the options of multi itself, tq worker --help those of workers.`;
