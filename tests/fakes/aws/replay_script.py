"""The words about recorded answers: to serve them again, and to forget them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.aws.model import ALWAYS_ON


class ReplayingScript:
    """Part of the script of a fake."""

    def _do(self, command: str, /, **arguments: Any) -> Any:
        raise NotImplementedError

    def forget_replays(self) -> None:
        """Serve no recorded answers any more, in no account."""
        self._do("forget_replays")

    def keep_answers(self, *, on: bool = True) -> None:
        """Make each answer once: as long as nothing changes, and no page is damaged."""
        self._do("keep_answers", on=on)

    def kept_answers(self) -> list[Mapping[str, Any]]:
        """Each with `service`, `operation`, `status`, `headers` and the `body`, in Latin-1."""
        answers: list[Mapping[str, Any]] = self._do("kept_answers")
        return answers


class AccountReplays:
    """Part of the script of one account."""

    def _do(self, command: str, /, **arguments: Any) -> Any:
        raise NotImplementedError

    def replay(
        self,
        service: str,
        operation: str,
        answers: Sequence[Mapping[str, Any]],
        *,
        region: str = ALWAYS_ON,
        copies: int = 1,
        move: bool = False,
        of: str = "",
    ) -> None:
        """Serve recorded answers of an operation in place of what is there.

        Attributes:
            answers: Pages of one list, or the answers of a second call, as the SDK gives them.
            region: Where; no matter for what is asked once an account.
            copies: How many there are of each item; all but the first get names of their own.
            move: Write this account and region in place of those that the answers name.
            of: The parent whose list it is; "" = of any that has no other.
        """
        self._do(
            "replay",
            region=region,
            service=service,
            operation=operation,
            answers=list(answers),
            copies=copies,
            move=move,
            of=of,
        )
