"""The threads that read listings, shared by all leases of a worker."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class _Waiting(NamedTuple):
    future: Future[Any]
    call: Callable[[], Any]


class _Account:
    """What of an account waits, and how many threads work it off or are about to."""

    def __init__(self) -> None:
        self.waiting = deque[_Waiting]()
        self.threads = 0


class ListingThreads:
    """First come, first served, but for an account that has all the threads it may have.

    A call that waits for a rate limit holds its thread, perhaps for minutes. What is throttled
    is an account, in one region or in many: all its leases together leave some threads to others.
    """

    def __init__(self, threads: int, spare: int) -> None:
        """Start none yet.

        Args:
            threads: Most that one account has the use of.
            spare: How many there are beside them.
        """
        self._most = threads
        self._executor = ThreadPoolExecutor(threads + spare, "listing")
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.Lock()

    def submit(self, account_id: str, call: Callable[[], T]) -> Future[T]:
        """Have one of the threads call it, for an account."""
        future = Future[T]()
        with self._lock:
            account = self._accounts.setdefault(account_id, _Account())
            account.waiting.append(_Waiting(future, call))
            if account.threads < self._most:
                account.threads += 1
                self._executor.submit(self._work, account_id, account)
        return future

    def shutdown(self) -> None:
        """Returns when all that was submitted is over."""
        self._executor.shutdown()

    def _work(self, account_id: str, account: _Account) -> None:
        while one := self._next(account_id, account):
            if one.future.set_running_or_notify_cancel():
                _settle(one)

    def _next(self, account_id: str, account: _Account) -> _Waiting | None:
        with self._lock:
            if account.waiting:
                return account.waiting.popleft()
            account.threads -= 1
            if not account.threads:
                del self._accounts[account_id]
            return None


def _settle(one: _Waiting) -> None:
    try:
        outcome = one.call()
    except BaseException as error:  # noqa: BLE001  as of any executor: it is raised where it is awaited
        one.future.set_exception(error)
    else:
        one.future.set_result(outcome)
