"""The script: what a test says to the fake, in the same words in process and from outside.

How a command travels is the subclasses' affair: `FakeAws` (server.py) calls the engine,
`RemoteFakeAws` (control.py) posts JSON to a fake in another process.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.fakes.aws.calls import Call
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import Resource
from tests.fakes.aws.organization_script import OrganizationScript
from tests.fakes.aws.replay_script import AccountReplays, ReplayingScript
from tests.fakes.aws.world import Moment

DEFAULT_AUDIENCES = ("sts.amazonaws.com",)
DEFAULT_REGIONS = ("us-east-1", "eu-west-1", "eu-central-1")


class Script(ReplayingScript):
    """Everything that can be told to, or asked of, a running fake."""

    url: str

    def _do(self, command: str, /, **arguments: Any) -> Any:
        raise NotImplementedError

    def account(
        self,
        account_id: str,
        *,
        regions: Sequence[str] = DEFAULT_REGIONS,
        opted_out: Sequence[str] = (),
        access_key: str = "",
        secret_key: str = "",
        principal: str = "user/cloudops",
        name: str = "",
        partition: str = "aws",
    ) -> "AccountScript":
        """Make an account (or change one); with `access_key` also a long-lived key for it."""
        self._do(
            "add_account",
            account=account_id,
            name=name or f"account-{account_id}",
            partition=partition,
            regions=list(regions),
            opted_out=list(opted_out),
        )
        account = AccountScript(self, account_id, partition)
        if access_key:
            account.key(access_key, secret_key or f"secret-of-{access_key}", principal=principal)
        return account

    def organization(
        self, management: "AccountScript", id_: str = "o-example0001", *administrators: str
    ) -> OrganizationScript:
        """Make an organization; it has its management account and no other yet."""
        self._do(
            "add_organization",
            organization=id_,
            management=management.id,
            administrators=list(administrators),
        )
        return OrganizationScript(self._do, id_)

    def inject(
        self,
        fault: Fault,
        *,
        service: str = "*",
        operation: str = "*",
        account: str = "*",
        region: str = "*",
        times: int | None = None,
        skip: int = 0,
        probability: float = 1.0,
        seed: int = 0,
        page: int | None = None,
    ) -> int:
        """Add a rule; its number is for `hits` and `clear_faults`. All names are globs."""
        number: int = self._do(
            "inject",
            fault=fault,
            service=service,
            operation=operation,
            account=account,
            region=region,
            times=times,
            skip=skip,
            probability=probability,
            seed=seed,
            page=page,
        )
        return number

    def clear_faults(self, rule: int | None = None) -> None:
        """Forget one rule, or all."""
        self._do("clear_faults", rule=rule)

    def hits(self, rule: int) -> int:
        """How often a rule struck."""
        count: int = self._do("hits", rule=rule)
        return count

    def page_size(self, operation: str, size: int) -> None:
        """Cut pages at `size` items even if more are asked for; `*` = every operation."""
        self._do("page_size", operation=operation, size=size)

    def expire_tokens(self) -> None:
        """Every page token handed out so far is refused from now on."""
        self._do("expire_tokens")

    def expire_sessions(self, account: str = "*") -> int:
        """Every temporary key of the account expires now; how many did."""
        count: int = self._do("expire_sessions", account=account)
        return count

    def revoke(self, access_key: str) -> None:
        """The key is unknown from now on."""
        self._do("revoke", access_key=access_key)

    def now(self) -> float:
        """The fake's clock: monotonic seconds, never the same twice."""
        moment: float = self._do("now")
        return moment

    def truth(self, account: str, at: Moment = None, kind: str = "*") -> set[str]:
        """ARNs of what existed in the account at a moment (now without one)."""
        arns: set[str] = self._do("truth", account=account, at=at, kind=kind)
        return arns

    def resources(self, account: str, at: Moment = None, kind: str = "*") -> dict[str, Resource]:
        """Like `truth`, with what each resource looked like."""
        found: dict[str, Resource] = self._do("resources", account=account, at=at, kind=kind)
        return found

    def was_live(
        self,
        arn: str,
        since: Moment,
        until: Moment = None,
        *,
        account: str = "*",
        whole: bool = True,
    ) -> bool:
        """Whether it existed all the time between; `whole=False`: at any time between."""
        answer: bool = self._do(
            "was_live", arn=arn, since=since, until=until, account=account, whole=whole
        )
        return answer

    def call_count(
        self, service: str = "*", operation: str = "*", account: str = "*", region: str = "*"
    ) -> int:
        count: int = self._do(
            "call_count", service=service, operation=operation, account=account, region=region
        )
        return count

    def call_counts(self) -> Counter[tuple[str, str, str, str]]:
        """(service, operation, account, region) → calls."""
        return Counter({tuple(key): count for key, count in self._do("call_counts")})

    def calls(
        self, service: str = "*", operation: str = "*", account: str = "*", region: str = "*"
    ) -> list[Call]:
        """The last 50,000 calls that match, oldest first."""
        found: list[Call] = self._do(
            "calls", service=service, operation=operation, account=account, region=region
        )
        return found

    def user_agents(self) -> set[str]:
        agents: set[str] = self._do("user_agents")
        return agents

    def reset_calls(self) -> None:
        self._do("reset_calls")


class AccountScript(AccountReplays):
    """One account of a running fake."""

    def __init__(self, script: Script, account_id: str, partition: str) -> None:
        self._script = script
        self.id = account_id
        self.partition = partition

    def _do(self, command: str, /, **arguments: Any) -> Any:
        return self._script._do(command, account=self.id, **arguments)

    def arn(self, resource: Resource) -> str:
        return resource.arn(self.id, self.partition)

    def put(self, *resources: Resource | Iterable[Resource]) -> float:
        """Create or replace, all in one moment, which is returned."""
        flat = [
            one
            for given in resources
            for one in ([given] if isinstance(given, Resource) else given)
        ]
        moment: float = self._do("put", resources=flat)
        return moment

    def put_fleet(self, template: Resource, count: int, *, first: int = 0) -> float:
        """Many at once: `{n}`, `{n:017x}`… in the template's id and tag values is the number."""
        moment: float = self._do("put_fleet", template=template, count=count, first=first)
        return moment

    def delete(self, *names: str | Resource) -> float:
        """Delete by ARN, id or resource. Raises KeyError where there is none."""
        arns = [self.arn(name) if isinstance(name, Resource) else name for name in names]
        moment: float = self._do("delete", names=arns)
        return moment

    def clear(self, kind: str = "*", region: str = "*") -> float:
        """Delete all that matches both globs."""
        moment: float = self._do("clear", kind=kind, region=region)
        return moment

    def key(self, access_key: str, secret_key: str, *, principal: str = "user/cloudops") -> None:
        """Another long-lived key; `principal` is the ARN's end, or a whole ARN."""
        self._do("add_key", access_key=access_key, secret_key=secret_key, principal=principal)

    def role(
        self,
        name: str,
        *,
        external_id: str = "",
        trusts: Sequence[str] = ("*",),
        session_seconds: float = 0,
        path: str = "/",
        listed: bool = True,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """A role that can be assumed; its ARN.

        Attributes:
            trusts: Globs on the caller's account id or principal ARN.
            session_seconds: Real life of its keys; 0 = what the caller asks for.
            listed: Whether IAM lists it, so that it is part of the truth.
        """
        arn: str = self._do(
            "add_role",
            name=name,
            external_id=external_id,
            trusts=list(trusts),
            session_seconds=session_seconds,
            path=path,
            listed=listed,
            tags=dict(tags or {}),
        )
        return arn

    def oidc_provider(
        self, issuer: str, jwks: Mapping[str, Any], *, audiences: Sequence[str] = DEFAULT_AUDIENCES
    ) -> None:
        """Register an issuer with the keys that it publishes, or replace what is known of it."""
        self._do("add_oidc_provider", issuer=issuer, audiences=list(audiences), jwks=dict(jwks))

    def remove_oidc_provider(self, issuer: str) -> None:
        self._do("remove_oidc_provider", issuer=issuer)

    def web_identity_role(
        self,
        name: str,
        issuer: str,
        *subjects: str,
        audiences: Sequence[str] = DEFAULT_AUDIENCES,
        session_seconds: float = 0,
    ) -> str:
        """A role that opens to tokens of the issuer about `subjects` (globs); its ARN."""
        arn: str = self._do(
            "add_web_identity_role",
            name=name,
            issuer=issuer,
            audiences=list(audiences),
            subjects=list(subjects),
            session_seconds=session_seconds,
        )
        return arn

    def remove_role(self, name: str, *, path: str = "/") -> None:
        """It can't be assumed any more and is not listed; sessions live on, as in AWS."""
        self._do("remove_role", name=name, path=path)

    def opt_in(self, region: str) -> None:
        self._do("set_region", region=region, enabled=True)

    def opt_out(self, region: str) -> None:
        self._do("set_region", region=region, enabled=False)

    def truth(self, at: Moment = None, kind: str = "*") -> set[str]:
        return self._script.truth(self.id, at, kind)

    def resources(self, at: Moment = None, kind: str = "*") -> dict[str, Resource]:
        return self._script.resources(self.id, at, kind)
