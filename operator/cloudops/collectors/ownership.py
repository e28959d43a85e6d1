"""Whose an item is: listings may show what other accounts share, and what lies elsewhere."""

from cloudops.collectors.identifiers import AnswerContext
from cloudops.domain.resource import GLOBAL_REGION


def is_elsewhere(owner: str | None, context: AnswerContext) -> bool:
    """Whether an item is another listing's: of another account or, by its ARN, region.

    Args:
        owner: An account id, or an ARN, which may leave account and region out; None = own.
        context: Where the answer comes from.
    """
    if owner is None:
        return False
    if not owner.startswith("arn:"):
        return owner != context.account
    _, _, _, region, account, *_ = (*owner.split(":", 5), "", "", "")
    here = region in {"", context.region} or context.region == GLOBAL_REGION
    return account not in {"", context.account} or not here
