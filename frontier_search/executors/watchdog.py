"""A watchdog over Ray: a raylet or a GCS that is dead or hangs must not hang the driver.

Ray waits a minute, or for ever, for a part that does not answer. It often waits in native code,
where no exception reaches. So a thread of ours asks for the live nodes every ``PERIOD_S``. It ends
the search, which can be resumed, when there is no node or no answer for ``PATIENCE_S``.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswerError

import ray

from frontier_search.errors import INTERRUPTED

PERIOD_S = 2.0
PATIENCE_S = 10.0
GRACE_S = 4.0  # in which the main thread must stop by itself

# How soon the GCS declares a raylet dead that does not answer: 3 checks of at most 3 s, 1 s apart.
SYSTEM_CONFIG = {
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 3000,
    "health_check_failure_threshold": 3,
}

log = logging.getLogger(__name__)


class Watchdog:
    """Watches Ray until it is closed.

    Args:
        resume: the command that resumes the search, for the last message.
    """

    def __init__(self, resume: str) -> None:
        self.resume = resume
        self._stopped = threading.Event()
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="watchdog")
        self._question: Future[bool] | None = None
        threading.Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """Stops watching."""
        self._stopped.set()
        self._asking.shutdown(wait=False, cancel_futures=True)

    def _watch(self) -> None:
        last_alive = time.monotonic()
        while not self._stopped.wait(PERIOD_S):
            is_alive = self._ask()
            silent_s = time.monotonic() - last_alive
            if is_alive:
                last_alive = time.monotonic()
            elif is_alive is False:
                self._stop_search("Ray has no live node: its raylet is dead or hangs")
                return
            elif silent_s > PATIENCE_S:
                self._stop_search(
                    f"Ray has not answered for {silent_s:.0f} s: its GCS is dead or hangs"
                )
                return

    def _ask(self) -> bool | None:
        """Returns whether a node is alive; None when the GCS does not say within a period.

        The question may never be answered, so that it is asked again only after an answer.
        """
        if self._question is None:
            self._question = self._asking.submit(some_node_is_alive)
        try:
            answer = self._question.result(PERIOD_S)
        except NoAnswerError:
            return None
        except Exception:  # whatever Ray raises when its parts are gone
            answer = None
        self._question = None
        return answer

    def _stop_search(self, why: str) -> None:
        log.error("%s; everything finished is kept", why)
        os.kill(os.getpid(), signal.SIGTERM)
        if not self._stopped.wait(GRACE_S):
            log.error("interrupted. Resume with:\n    %s", self.resume)
            os._exit(INTERRUPTED)


def some_node_is_alive() -> bool:
    """Returns what the GCS says."""
    return any(node["Alive"] for node in ray.nodes())  # type: ignore[no-untyped-call]
