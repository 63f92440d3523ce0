"""``make run``. Ctrl-C is taken from the first moment on, so that nothing but the end follows it."""

from __future__ import annotations

import os
import signal
import sys


def _leave(_number: int, _frame: object) -> None:
    """Nothing has begun; SystemExit would come out of whatever is being imported, as another error perhaps."""
    os._exit(0)


signal.signal(signal.SIGINT, _leave)

from console.demo.run import main  # noqa: E402 - what takes long to import comes after

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main())
