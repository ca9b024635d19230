"""A watchdog over Ray: a raylet or a GCS that is dead or hangs must not hang the driver.

Ray waits a minute or for ever for a part that does not answer, often in native code where no exception reaches. So a thread of ours asks
every few seconds for the live nodes, and ends the search, resumable, when it has had no good answer for ``PATIENCE_S``.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswerError
from types import TracebackType

import ray

PERIOD_S = 2.0
PATIENCE_S = 10.0
GRACE_S = 4.0  # for the main thread to stop by itself
INTERRUPTED = 130  # exit code: interrupted and resumable

# How soon the GCS declares a raylet dead that does not answer: 3 checks of at most 3 s, 1 s apart.
SYSTEM_CONFIG = {"health_check_period_ms": 1000, "health_check_timeout_ms": 3000, "health_check_failure_threshold": 3}

log = logging.getLogger(__name__)


class Watchdog:
    """Watches while the ``with`` block runs.

    Args:
        resume: the sentence that says how to go on, for the last words.
    """

    def __init__(self, resume: str) -> None:
        self.resume = resume
        self._stopped = threading.Event()
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="watchdog")
        self._question: Future[bool] | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        self._asking.shutdown(wait=False, cancel_futures=True)

    def _watch(self) -> None:
        well = time.monotonic()
        while not self._stopped.wait(PERIOD_S):
            if self._answers():
                well = time.monotonic()
            elif time.monotonic() - well > PATIENCE_S:
                self._stop_search(time.monotonic() - well)
                return

    def _answers(self) -> bool:
        """Whether some node is alive, as far as the GCS says within a period; one question at a time, for it may never return."""
        if self._question is None:
            self._question = self._asking.submit(_some_node_is_alive)
        try:
            answer = self._question.result(PERIOD_S)
        except NoAnswerError:
            return False
        except Exception:  # whatever Ray raises when its parts are gone
            answer = False
        self._question = None
        return answer

    def _stop_search(self, silent_s: float) -> None:
        log.error("Ray has not answered for %.0f s (its raylet or its GCS is dead or hangs); everything finished is kept", silent_s)
        os.kill(os.getpid(), signal.SIGTERM)
        if not self._stopped.wait(GRACE_S):
            log.error("interrupted. Go on with:\n    %s", self.resume)
            os._exit(INTERRUPTED)


def _some_node_is_alive() -> bool:
    return any(node["Alive"] for node in ray.nodes())  # type: ignore[no-untyped-call]
