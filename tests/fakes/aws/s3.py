"""S3: the list of buckets, which is all that the service root offers."""

from tests.fakes.aws.bodies import render
from tests.fakes.aws.calls import Call
from tests.fakes.aws.damage import Body, bodies
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.identity import unique_id
from tests.fakes.aws.model import Account, Resource
from tests.fakes.aws.paging import InvalidTokenError, Pager
from tests.fakes.aws.protocols import ApiError

_MOST_BUCKETS = 10_000
_PARAMETERS = ("max-buckets", "continuation-token", "prefix", "bucket-region")


def list_buckets(account: Account, call: Call, pager: Pager, faults: list[Fault]) -> Body:
    """As documented, buckets carry their region only if the request has a parameter."""
    prefix, region = call.parameters.get("prefix", ""), call.parameters.get("bucket-region", "")
    if region and region != call.region:
        message = f"Argument value {region} is not supported by the endpoint of {call.region}"
        raise ApiError("InvalidArgument", message)

    def wanted(bucket: Resource) -> bool:
        return bucket.id.startswith(prefix) and region in ("", bucket.region)

    try:
        page = pager.cut(
            account.index("s3:bucket", "global"), call, _size(call, pager), faults, wanted
        )
    except InvalidTokenError:
        message = "The continuation token provided is incorrect"
        raise ApiError("InvalidArgument", message) from None
    plain = not any(name in call.parameters for name in _PARAMETERS)
    buckets = [body for _, body in bodies(page, account, _plain if plain else render)]
    return {
        "Buckets": buckets,
        "Owner": {"ID": unique_id("", account.id).lower() * 3},
        "ContinuationToken": page.next_token or None,
        "Prefix": prefix or None,
    }


def _plain(bucket: Resource, account: Account) -> Body:
    body = render(bucket, account)
    del body["BucketRegion"]
    return body


def _size(call: Call, pager: Pager) -> int:
    asked = call.parameters.get("max-buckets")
    if asked is None:
        return pager.size(call.operation)
    if not asked.isdigit() or not 1 <= int(asked) <= _MOST_BUCKETS:
        message = f"Argument max-buckets must be an integer between 1 and {_MOST_BUCKETS}"
        raise ApiError("InvalidArgument", message)
    return min(pager.size(call.operation), int(asked))


OPERATIONS = {"ListBuckets": list_buckets}
