"""Work beside the loop: on long texts, so that nobody else in the worker waits for them."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import gevent
from gevent.hub import Hub
from gevent.threadpool import ThreadPool

_THREADS = 2

P = ParamSpec("P")
T = TypeVar("T")

# Made when first needed: a worker is a fork, and no thread survives that.
_pools: "WeakKeyDictionary[Hub, ThreadPool]" = WeakKeyDictionary()


def aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns, done in a thread where others wait for this one. Raises what it does.

    Who is in a thread already, or in a process without a loop, does it right there.
    """
    if not isinstance(gevent.getcurrent(), gevent.Greenlet):
        return work(*args, **kwargs)
    hub = gevent.get_hub()
    pool = _pools.get(hub)
    if pool is None:
        pool = _pools[hub] = ThreadPool(_THREADS)
    result: T = pool.apply(work, args, kwargs)
    return result
