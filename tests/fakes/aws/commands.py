"""What each word of the script does to an engine, and saving and loading of a world."""

from collections.abc import Callable
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any

from tests.fakes.aws.builders import role
from tests.fakes.aws.engine import Engine
from tests.fakes.aws.identity import AccessKey, Role, WebIdentityTrust, unique_id
from tests.fakes.aws.model import ARNS
from tests.fakes.aws.organizations import Organization
from tests.fakes.aws.paging import DEFAULT_SIZES
from tests.fakes.aws.recordings import moved
from tests.fakes.aws.rows import CALLED
from tests.fakes.aws.sts import provider_arn
from tests.fakes.aws.web_identity import OidcProvider


def add_key(engine: Engine, account: str, access_key: str, secret_key: str, principal: str) -> None:
    partition = engine.world.accounts[account].partition
    if not principal.startswith("arn:"):
        principal = f"arn:{partition}:iam::{account}:{principal}"
    user_id = unique_id("AIDA", principal)
    with engine.world.lock:
        engine.world.access_keys[access_key] = AccessKey(
            access_key, secret_key, account, principal, user_id
        )


def page_size(engine: Engine, operation: str, size: int) -> None:
    if operation != "*" and operation not in CALLED | DEFAULT_SIZES.keys():
        raise KeyError(operation)
    engine.pager.set_size(operation, size)


def revoke(engine: Engine, access_key: str) -> None:
    with engine.world.lock:
        del engine.world.access_keys[access_key]


def expire_sessions(engine: Engine, account: str) -> int:
    with engine.world.lock:
        keys = [
            key
            for key in engine.world.access_keys.values()
            if key.session_token and fnmatchcase(key.account, account)
        ]
        for key in keys:
            key.expires = 0.0
    return len(keys)


def _role_arn(engine: Engine, account: str, name: str, path: str) -> str:
    partition = engine.world.accounts[account].partition
    return ARNS["iam:role"].format(partition=partition, account=account, path=path, id=name)


def add_role(
    engine: Engine,
    *,
    account: str,
    name: str,
    external_id: str,
    trusts: list[str],
    session_seconds: float,
    path: str,
    listed: bool,
    tags: dict[str, str],
) -> str:
    arn = _role_arn(engine, account, name, path)
    role_id = unique_id("AROA", arn)
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": trusts},
        "Action": "sts:AssumeRole",
    }
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    with engine.world.lock:
        if listed:
            listing = role(name, tags=tags, Path=path, AssumeRolePolicyDocument=document)
            engine.world.put(account, [listing])
        engine.world.roles[arn] = Role(arn, role_id, external_id, tuple(trusts), session_seconds)
    return arn


def add_oidc_provider(
    engine: Engine, account: str, issuer: str, audiences: list[str], jwks: dict[str, Any]
) -> None:
    provider = OidcProvider(issuer, tuple(audiences), jwks)
    with engine.world.lock:
        engine.world.accounts[account].oidc_providers[issuer] = provider


def remove_oidc_provider(engine: Engine, account: str, issuer: str) -> None:
    with engine.world.lock:
        del engine.world.accounts[account].oidc_providers[issuer]


def add_web_identity_role(
    engine: Engine,
    *,
    account: str,
    name: str,
    issuer: str,
    audiences: list[str],
    subjects: list[str],
    session_seconds: float,
) -> str:
    arn = _role_arn(engine, account, name, "/")
    host = issuer.removeprefix("https://")
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn(arn, issuer)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{host}:aud": audiences},
            "StringLike": {f"{host}:sub": subjects},
        },
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    trust = WebIdentityTrust(issuer, tuple(audiences), tuple(subjects))
    with engine.world.lock:
        engine.world.put(account, [role(name, AssumeRolePolicyDocument=document)])
        engine.world.roles[arn] = Role(
            arn, unique_id("AROA", arn), "", (), session_seconds, web_identity=trust
        )
    return arn


def remove_role(engine: Engine, account: str, name: str, path: str) -> None:
    arn = _role_arn(engine, account, name, path)
    with engine.world.lock:
        if arn in engine.world.accounts[account].live:
            engine.world.delete(account, [arn])
        else:
            del engine.world.roles[arn]


def add_organization(
    engine: Engine, organization: str, management: str, administrators: list[str]
) -> None:
    with engine.world.lock:
        made = Organization(organization, management, set(administrators))
        engine.organizations[organization] = made
        made.put(management, engine.world.accounts[management].name, "ACTIVE")


def put_member(engine: Engine, organization: str, account: str, name: str, state: str) -> None:
    with engine.world.lock:
        known = engine.world.accounts.get(account)
        name = name or (known.name if known else f"account-{account}")
        engine.organizations[organization].put(account, name, state)


def remove_member(engine: Engine, organization: str, account: str) -> None:
    with engine.world.lock:
        engine.organizations[organization].members.remove(account)


def show_again(
    engine: Engine,
    *,
    account: str,
    region: str,
    answers: list[dict[str, Any]],
    move: bool,
    **named: Any,
) -> None:
    here = [moved(answer, account, region) for answer in answers] if move else answers
    engine.replay.show(account=account, region=region, answers=here, **named)


COMMANDS: dict[str, Callable[..., Any]] = {
    "add_account": lambda engine, **named: engine.world.add_account(**named),
    "set_region": lambda engine, **named: engine.world.set_region(**named),
    "put": lambda engine, **named: engine.world.put(**named),
    "put_fleet": lambda engine, **named: engine.world.put_fleet(**named),
    "delete": lambda engine, **named: engine.world.delete(**named),
    "clear": lambda engine, **named: engine.world.clear(**named),
    "truth": lambda engine, **named: engine.world.truth(**named),
    "resources": lambda engine, **named: engine.world.resources(**named),
    "was_live": lambda engine, **named: engine.world.was_live(**named),
    "now": lambda engine: engine.world.now(),
    "inject": lambda engine, **named: engine.rules.inject(**named),
    "clear_faults": lambda engine, **named: engine.rules.clear(**named),
    "hits": lambda engine, **named: engine.rules.hits(**named),
    "page_size": page_size,
    "expire_tokens": lambda engine: engine.pager.expire_tokens(),
    "call_count": lambda engine, **named: engine.calls.count(**named),
    "call_counts": lambda engine: engine.calls.counts(),
    "calls": lambda engine, **named: engine.calls.list(**named),
    "user_agents": lambda engine: engine.calls.user_agents(),
    "reset_calls": lambda engine: engine.calls.reset(),
    "replay": show_again,
    "forget_replays": lambda engine: engine.replay.forget(),
    "keep_answers": lambda engine, **named: engine.memory.switch(**named),
    "kept_answers": lambda engine: list(engine.memory.told()),
    "add_key": add_key,
    "revoke": revoke,
    "expire_sessions": expire_sessions,
    "add_role": add_role,
    "remove_role": remove_role,
    "add_oidc_provider": add_oidc_provider,
    "remove_oidc_provider": remove_oidc_provider,
    "add_web_identity_role": add_web_identity_role,
    "add_organization": add_organization,
    "put_member": put_member,
    "remove_member": remove_member,
}


def save(engine: Engine) -> dict[str, Any]:
    """What exists now: accounts, issuers, keys, roles, organizations, resources; no history."""
    world = engine.world
    with world.lock:
        return {
            "accounts": [
                {
                    "account": one.id,
                    "name": one.name,
                    "partition": one.partition,
                    "regions": list(one.regions),
                    "opted_out": list(one.opted_out),
                    "resources": list(one.live.values()),
                    "oidc_providers": [asdict(known) for known in one.oidc_providers.values()],
                }
                for one in world.accounts.values()
            ],
            "keys": [
                {
                    "account": key.account,
                    "access_key": key.id,
                    "secret_key": key.secret,
                    "principal": key.principal,
                }
                for key in world.access_keys.values()
                if not key.session_token
            ],
            "roles": [asdict(role) for role in world.roles.values()],
            "organizations": [
                {
                    "organization": one.id,
                    "management": one.management,
                    "administrators": sorted(one.administrators),
                    "members": [
                        {
                            "account": member.id,
                            "name": member.fields["Name"],
                            "state": member.fields["State"],
                        }
                        for _, member in one.members.after(None)
                    ],
                }
                for one in engine.organizations.values()
            ],
        }


def load(engine: Engine, state: dict[str, Any]) -> None:
    """Fill a new engine with what `save` gave."""
    for account in state["accounts"]:
        resources, providers = account.pop("resources"), account.pop("oidc_providers", ())
        engine.world.add_account(**account)
        for known in providers:
            add_oidc_provider(engine, account["account"], **known)
        engine.world.put(account["account"], resources)
    for key in state["keys"]:
        add_key(engine, **key)
    for one in state["roles"]:
        engine.world.roles[one["arn"]] = _role(one)
    for organization in state.get("organizations", ()):
        members = organization.pop("members")
        add_organization(engine, **organization)
        for member in members:
            put_member(engine, organization["organization"], **member)


def _role(saved: dict[str, Any]) -> Role:
    """JSON knows neither tuples nor classes."""
    trust = saved.get("web_identity")
    if trust is not None:
        audiences, subjects = tuple(trust["audiences"]), tuple(trust["subjects"])
        trust = WebIdentityTrust(trust["issuer"], audiences, subjects)
    return Role(**(saved | {"trusts": tuple(saved["trusts"]), "web_identity": trust}))
