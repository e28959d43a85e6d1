"""What may happen: faults, edits, waits, and the strategies that choose among them."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from hypothesis import strategies as st

from tests.fakes.aws.faults import Fault
from tests.integration.model.estate import (
    ACCOUNTS,
    KINDS,
    NUMBERS,
    REGIONS,
    VARIANTS,
    Selection,
)
from tests.integration.services.aws_rig import KEY

PERIOD = 900
ELSEWHERE = "elsewhere"
LONG = 100_000  # longer than every period, every backoff and every lease
OTHER_KEY, FOREIGN_KEY, UNKNOWN_KEY = "AKIAOTHER", "AKIAFOREIGN", "AKIAUNKNOWN"
# Mostly good ones, or little would ever be read; "" = there is no Secret.
KEYS = (KEY, KEY, KEY, OTHER_KEY, OTHER_KEY, FOREIGN_KEY, UNKNOWN_KEY, "")
RELEASED = {"percent": 100, "minimum": 20}

OPERATIONS = (
    *("DescribeInstances", "DescribeVolumes", "DescribeSecurityGroups", "ListBuckets"),
    *("GetAccountAuthorizationDetails", "GetResources", "DescribeRegions"),
    *("GetCallerIdentity", "AssumeRole"),
)
# Globs on what listings call, which leave the ways in alone.
LISTINGS = ("Describe[IVS]*", "ListBuckets", "Get[AR]*")
FAULTS = {
    "throttle": Fault.throttle(),
    "deny": Fault.deny(),
    "deny-explicitly": Fault.deny("explicit"),
    "deny-by-scp": Fault.deny("scp"),
    "deny-by-boundary": Fault.deny("boundary"),
    "opt-in": Fault.opt_in(),
    "unknown-key": Fault.opt_in("auth"),
    "expired": Fault.expired(),
    "500": Fault.server_error(),
    "503": Fault.server_error(503),
    "reset": Fault.reset(),
    "broken-page": Fault.broken_page(),
    "cut-page": Fault.cut_page(),
    "empty-body": Fault.empty_body(),
    "foreign-page": Fault.foreign_page(),
    "repeated-token": Fault.repeat_token(),
    "duplicates": Fault.duplicates(2),
    "empty-page": Fault.empty_page(),
    "hidden-item": Fault.hide(),
    "overlap": Fault.overlap(),
    **{
        how: Fault.malformed(how)
        for how in ("missing-id", "empty-id", "nul", "surrogate", "unicode", "tag-without-value")
    },
}
TYPES = (
    ("*",),
    ("AWS::EC2::*",),
    ("compute.instance", "AWS::EC2::Volume"),
    ("storage.*",),
    ("AWS::IAM::User", "AWS::IAM::Role", "AWS::S3::Bucket"),
)
EXCLUDED = ((), (), ("AWS::EC2::Volume",), ("identity.policy", "identity.group"), ("*::Bucket",))
HELD_BRAKES = ({"percent": 30, "minimum": 20}, {"percent": 30, "minimum": 1})
BRAKES = (*HELD_BRAKES, RELEASED)

faults = st.sampled_from(sorted(FAULTS))
pages = st.sampled_from((None, None, 0, 1))
names = st.sampled_from(("first", "second"))
accounts = st.sampled_from(ACCOUNTS)
regions = st.sampled_from(REGIONS)
kinds = st.sampled_from(sorted(KINDS))
numbers = st.sets(st.sampled_from(NUMBERS), min_size=1)
versions = st.sampled_from(VARIANTS)
tags = st.sampled_from(({}, {"Team": "shop"}, {"Team": "data", "Name": "x"}))
selections = st.builds(
    Selection,
    include=st.sampled_from(TYPES),
    exclude=st.sampled_from(EXCLUDED),
    regions=st.sampled_from((("*",), ("*",), ("eu-*",), ("us-*",))),
)
waits = st.sampled_from((70, PERIOD + 50, PERIOD + 50, 4 * PERIOD + 200, LONG, LONG))
# How many signs of life a worker gives before something happens to it.
beats = st.integers(1, 12)


@dataclass(frozen=True, slots=True)
class Injected:
    """A rule of the fake, remembered."""

    fault: Fault
    operation: str
    account: str
    region: str

    def covers(self, operation: str, account: str, region: str) -> bool:
        place = ((operation, self.operation), (account, self.account), (region, self.region))
        return all(fnmatchcase(name, glob) for name, glob in place)
