"""What exists in the fake's accounts, and what of it an inventory has to show.

Nothing here asks the operator's code: selection, tags and documents are written
down a second time, in the words of the specification.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from tests.fakes.aws import builders
from tests.fakes.aws.bodies import CREATED, READ_BUCKETS
from tests.fakes.aws.model import GLOBAL, Resource
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws

ACCOUNTS = ("111122223333", "222233334444", "333344445555")
HOME, AWAY = "us-east-1", "eu-west-1"
REGIONS = (HOME, AWAY)
NUMBERS = range(4)
VARIANTS = range(3)
MEMBER_ROLE = "cloudops-read"
TAGGING = "aws.tagging.resources"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing: where it is listed, and how a version of it looks.

    Attributes:
        listing: The row of the catalogue that owns it.
        make: From name, region and version to the fake's resource.
        shown: From a stored document back to the version.
        tags: Where its tags come from: `listed`, `tagging`, `never` or `unread`.
    """

    type: str
    word: str
    listing: str
    make: Callable[[str, str, int], Resource]
    shown: Callable[[Mapping[str, Any]], int]
    tags: str = "listed"

    @property
    def is_global(self) -> bool:
        return self.listing in ("aws.s3.buckets", "aws.iam.authorization-details")


_IAM = "aws.iam.authorization-details"


def _policy_named(version: int) -> list[dict[str, Any]]:
    return [{"PolicyName": f"v{version}", "PolicyDocument": READ_BUCKETS}]


def _inline(member: str) -> Callable[[Mapping[str, Any]], int]:
    return lambda document: int(document[member][0]["PolicyName"][1:])


def _created(version: int) -> Any:
    return CREATED + timedelta(days=version)


KINDS: dict[str, Kind] = {
    "ec2:instance": Kind(
        "AWS::EC2::Instance",
        "compute.instance",
        "aws.ec2.instances",
        lambda n, r, v: builders.instance(f"i-{n}", region=r, InstanceType=f"m{v}.large"),
        lambda document: int(document["InstanceType"][1]),
    ),
    "ec2:volume": Kind(
        "AWS::EC2::Volume",
        "storage.volume",
        "aws.ec2.volumes",
        lambda n, r, v: builders.volume(f"vol-{n}", region=r, Size=v + 1),
        lambda document: int(document["Size"]) - 1,
    ),
    "ec2:security-group": Kind(
        "AWS::EC2::SecurityGroup",
        "network.security-group",
        "aws.ec2.security-groups",
        lambda n, r, v: builders.security_group(f"sg-{n}", region=r, Description=f"v{v}"),
        lambda document: int(document["Description"][1:]),
    ),
    "s3:bucket": Kind(
        "AWS::S3::Bucket",
        "storage.bucket",
        "aws.s3.buckets",
        lambda n, r, v: builders.bucket(f"b-{n}", region=r, CreationDate=_created(v)),
        lambda document: int(document["CreationDate"][8:10]) - CREATED.day,
        "tagging",
    ),
    "iam:user": Kind(
        "AWS::IAM::User",
        "identity.user",
        _IAM,
        lambda n, _, v: builders.user(f"u-{n}", UserPolicyList=_policy_named(v)),
        _inline("UserPolicyList"),
    ),
    "iam:role": Kind(
        "AWS::IAM::Role",
        "identity.role",
        _IAM,
        lambda n, _, v: builders.role(f"r-{n}", RolePolicyList=_policy_named(v)),
        _inline("RolePolicyList"),
    ),
    "iam:group": Kind(
        "AWS::IAM::Group",
        "identity.group",
        _IAM,
        lambda n, _, v: builders.group(f"g-{n}", GroupPolicyList=_policy_named(v)),
        _inline("GroupPolicyList"),
        "never",
    ),
    "iam:policy": Kind(
        "AWS::IAM::ManagedPolicy",
        "identity.policy",
        _IAM,
        lambda n, _, v: builders.policy(f"p-{n}", Description=f"v{v}"),
        lambda document: int(document["Description"][1:]),
        "unread",
    ),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """What of an account its owner's spec asks for."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    regions: tuple[str, ...] = ("*",)

    def has_type(self, kind: Kind) -> bool:
        names = (kind.type, kind.word)
        return _any(self.include, names) and not _any(self.exclude, names)

    def has_region(self, region: str) -> bool:
        return _any(self.regions, (region,))


def _any(globs: Iterable[str], names: Iterable[str]) -> bool:
    names = tuple(names)
    return any(fnmatchcase(name, glob) for glob in globs for name in names)


@dataclass(frozen=True, slots=True)
class Shown:
    """How a row of the inventory has to look; `tags` of None are not known."""

    version: int
    tags: Mapping[str, str] | None
    tags_matter: bool = True


class Estate:
    """The accounts of one fake; changed here, so that their tagging history is known."""

    def __init__(self, aws: FakeAws) -> None:
        self.aws = aws
        self.accounts: dict[str, AccountScript] = {}
        self.enabled: dict[str, set[str]] = {}
        self._ever_tagged: set[str] = set()
        for id_ in ACCOUNTS:
            account = aws.account(id_, regions=REGIONS)
            account.role(MEMBER_ROLE, listed=False)
            self.accounts[id_] = account
            self.enabled[id_] = set(REGIONS)

    def put(
        self,
        account: str,
        kind: str,
        region: str,
        numbers: Iterable[int],
        version: int,
        tags: Mapping[str, str],
    ) -> None:
        """Make things, or give them another version and other tags."""
        script, made = self.accounts[account], []
        for number in numbers:
            base = KINDS[kind].make(self.name(account, region, number), region, version)
            resource = Resource(kind, base.id, base.region, dict(tags), base.fields, base.owner)
            made.append(resource)
            if tags:
                self._ever_tagged.add(script.arn(resource))
        script.put(made)

    def delete(self, account: str, kind: str, region: str, numbers: Iterable[int]) -> None:
        """Those of the numbered things that exist."""
        script = self.accounts[account]
        live = script.truth(kind=kind)
        for number in numbers:
            arn = script.arn(KINDS[kind].make(self.name(account, region, number), region, 0))
            if arn in live:
                self._forget([arn])
                script.delete(arn)

    def wipe(self, account: str, kind: str, region: str) -> None:
        """All that matches the globs is gone at once."""
        found = self.accounts[account].resources(kind=kind)
        self._forget(arn for arn, one in found.items() if fnmatchcase(one.region, region))
        self.accounts[account].clear(kind, region)

    def switch(self, account: str, region: str, *, on: bool) -> None:
        """Enable or disable a region of an account."""
        (self.accounts[account].opt_in if on else self.accounts[account].opt_out)(region)
        (self.enabled[account].add if on else self.enabled[account].discard)(region)

    def expected(self, account: str, wanted: Selection) -> dict[str, Shown]:
        """ARN → how the inventory has to show it, for all that exists and is asked for."""
        found: dict[str, Shown] = {}
        for arn, resource in self.accounts[account].resources().items():
            kind = KINDS[resource.kind]
            region = GLOBAL if kind.is_global else resource.region
            if wanted.has_type(kind) and (kind.is_global or self.reads(account, region, wanted)):
                found[arn] = self._shown(account, arn, resource, wanted)
        return found

    def reads(self, account: str, region: str, wanted: Selection) -> bool:
        return region in self.enabled[account] and wanted.has_region(region)

    def _shown(self, account: str, arn: str, resource: Resource, wanted: Selection) -> Shown:
        kind = KINDS[resource.kind]
        version = version_of(resource)
        match kind.tags:
            case "never":
                return Shown(version, {})
            case "unread":
                return Shown(version, None)
            case "tagging":
                known = resource.tags if arn in self._ever_tagged else None
                # Where the bucket's own region is not read, its tags are as old as they are.
                return Shown(version, known, self.reads(account, resource.region, wanted))
        return Shown(version, resource.tags)

    def _forget(self, arns: Iterable[str]) -> None:
        """A thing that is made again under its old name was never tagged."""
        self._ever_tagged.difference_update(arns)

    @staticmethod
    def name(account: str, region: str, number: int) -> str:
        return f"{account[:3]}-{region[:2]}-{number}"


_FIELDS = {
    "ec2:instance": lambda fields: int(fields["InstanceType"][1]),
    "ec2:volume": lambda fields: int(fields["Size"]) - 1,
    "ec2:security-group": lambda fields: int(fields["Description"][1:]),
    "s3:bucket": lambda fields: (fields["CreationDate"] - CREATED).days,
    "iam:user": lambda fields: int(fields["UserPolicyList"][0]["PolicyName"][1:]),
    "iam:role": lambda fields: int(fields["RolePolicyList"][0]["PolicyName"][1:]),
    "iam:group": lambda fields: int(fields["GroupPolicyList"][0]["PolicyName"][1:]),
    "iam:policy": lambda fields: int(fields["Description"][1:]),
}


def version_of(resource: Resource) -> int:
    """The version that was put into the fake."""
    return int(_FIELDS[resource.kind](resource.fields))


@dataclass(slots=True)
class Wish:
    """One CloudProvider as somebody wrote it."""

    name: str
    ids: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    brake: Mapping[str, int] = field(default_factory=lambda: {"percent": 30, "minimum": 20})
    host: str = "127.0.0.1"
    suspended: bool = False
    generation: int = 0
    alive: bool = False


LISTINGS = frozenset({kind.listing for kind in KINDS.values()} | {TAGGING})
"""The rows of the catalogue that show all of this."""
