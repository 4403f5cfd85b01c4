"""Work beside the event loop: in a thread, or in a process of its own.

Asynchronous code reaches the mathematics by one crossing, `await workers.run(function, …)`. What takes under a second
runs in a thread; training, back-tests and tuning run in a child (`python -m ara.workers`), which calls a function by
its name and never imports the user's script again.
"""

from ara.workers.pool import Workers
from ara.workers.progress import Progress

__all__ = ["Progress", "Workers"]
