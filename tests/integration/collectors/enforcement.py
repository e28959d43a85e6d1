"""moto with IAM's rules in force, and principals whose policies can be changed.

moto's checks cover who calls, and the actions and resources of the policies that the
caller has; they know nothing of policies that keys, queues or topics have of their own.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch
from urllib.request import Request, urlopen

import boto3

from cloudops.domain.permissions import Policy
from tests.fixtures import aws_estate
from tests.fixtures.aws import empty_moto

OWN, MEMBER = "123456789012", "210987654321"
REGION: Final = "us-east-1"
READER: Final = "reader"
READER_ARN: Final = f"arn:aws:iam::{OWN}:user/{READER}"
EVERYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
ANYBODY: Final = boto3.Session("testing", "testing")


class Enforcement:
    """A moto server that asks IAM, once `enforced` is entered.

    Signatures are looked at only while `checks_signatures` is True.
    """

    checks_signatures = False

    def __init__(self, url: str) -> None:
        self.url = url
        self._enforcing = False
        self._iams: dict[str, Any] = {}
        empty_moto(url)
        iam = self._client("iam")
        iam.create_user(UserName=READER)
        made = iam.create_access_key(UserName=READER)["AccessKey"]
        self.secret = {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        }

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """From here on everybody may do what their policies say, and no more."""
        from moto.iam.access_control import IAMRequestBase  # noqa: PLC0415  seconds that few need

        original = IAMRequestBase.check_signature

        def check(request: IAMRequestBase) -> None:
            if self.checks_signatures:
                original(request)

        with patch.object(IAMRequestBase, "check_signature", check):
            self._enforce(on=True)
            try:
                yield
            finally:
                self._enforce(on=False)

    def seed(self) -> None:
        """Something for every listing, so that second calls are made too."""
        aws_estate.seed(ANYBODY, REGION, endpoint_url=self.url)
        from moto.ec2.models import ec2_backends  # noqa: PLC0415  as above

        # moto knows hundreds of public snapshots, and looks at each of them every time.
        backend = ec2_backends[OWN][REGION]
        own = {key: one for key, one in backend.snapshots.items() if one.owner_id == OWN}
        backend.snapshots.clear()
        backend.snapshots.update(own)

    def new_role(self, arn: str, *, trusts: str, external_id: str) -> None:
        """A role without rights; `trusts` is the ARN of who may assume it."""
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": trusts},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        with self._iam(arn) as iam:
            iam.create_role(RoleName=_last(arn), AssumeRolePolicyDocument=document)

    def grant(self, policies: Iterable[Policy], *, to: str = READER_ARN) -> None:
        """`policies`, and nothing else, to a user or role."""
        kind = "user" if ":user/" in to else "role"
        who = {f"{kind.capitalize()}Name": _last(to)}
        with self._iam(to) as iam:
            for name in getattr(iam, f"list_{kind}_policies")(**who)["PolicyNames"]:
                getattr(iam, f"delete_{kind}_policy")(**who, PolicyName=name)
            put = getattr(iam, f"put_{kind}_policy")
            for number, policy in enumerate(policies):
                put(**who, PolicyName=f"printed-{number}", PolicyDocument=json.dumps(policy))

    @contextmanager
    def _iam(self, arn: str) -> Iterator[Any]:
        """IAM of the ARN's account, while nobody is asked for rights."""
        enforcing = self._enforcing
        self._enforce(on=False)
        try:
            yield self._iam_of(arn.split(":")[4])
        finally:
            self._enforce(on=enforcing)

    def _iam_of(self, account: str) -> Any:
        if account not in self._iams:
            role = f"arn:aws:iam::{account}:role/administrator"
            sts = self._client("sts")
            keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
            session = boto3.Session(
                keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
            )
            self._iams[account] = self._client("iam", session)
        return self._iams[account]

    def _client(self, service: str, session: boto3.Session = ANYBODY) -> Any:
        make: Any = session.client  # its stubs know service names only as literals
        return make(service, region_name=REGION, endpoint_url=self.url)

    def _enforce(self, *, on: bool) -> None:
        self._enforcing = on
        self._post("/moto-api/reset-auth", "0" if on else "inf")

    def _post(self, path: str, text: str = "") -> None:
        headers = {"Content-Type": "text/plain"}
        request = Request(f"{self.url}{path}", text.encode(), headers, method="POST")  # noqa: S310  always http on loopback
        with urlopen(request, timeout=60):  # noqa: S310  as above
            return


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def renamed(policies: Iterable[Policy], names: Mapping[str, tuple[str, ...]]) -> list[Policy]:
    """`policies` with other names for some services, or for single actions."""

    def rename(action: str) -> tuple[str, ...]:
        service, name = action.split(":")
        others = tuple(f"{other}:{name}" for other in names.get(service, (service,)))
        return names.get(action, others)

    return _with_actions(
        policies, lambda actions: [other for action in actions for other in rename(action)]
    )


def without(policies: Iterable[Policy], gone: Collection[str]) -> list[Policy]:
    """`policies` less some actions."""
    return _with_actions(policies, lambda actions: [one for one in actions if one not in gone])


def only(policies: Iterable[Policy], kept: Collection[str]) -> list[Policy]:
    """`policies` less all actions but some."""
    return _with_actions(policies, lambda actions: [one for one in actions if one in kept])


def actions_of(policies: Iterable[Policy]) -> list[str]:
    statements = [statement for policy in policies for statement in policy["Statement"]]
    return [action for statement in statements for action in statement["Action"]]


def _with_actions(
    policies: Iterable[Policy], change: Callable[[list[str]], list[str]]
) -> list[Policy]:
    """Those that still allow anything."""
    left: list[Policy] = []
    for policy in policies:
        changed = [{**one, "Action": change(one["Action"])} for one in policy["Statement"]]
        statements = [one for one in changed if one["Action"]]
        left += [{**policy, "Statement": statements}] if statements else []
    return left
