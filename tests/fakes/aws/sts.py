"""STS: who am I, and becoming someone else."""

import time

from tests.fakes.aws.calls import Call
from tests.fakes.aws.damage import Body
from tests.fakes.aws.identity import AccessKey, Role, iso, temporary_key
from tests.fakes.aws.problems import denial
from tests.fakes.aws.protocols import ApiError
from tests.fakes.aws.web_identity import Token, verify
from tests.fakes.aws.world import World

_LEAST_SECONDS, _MOST_SECONDS = 900, 43_200
_ARN_PARTS = 6


def get_caller_identity(caller: AccessKey) -> Body:
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.principal}


def target_account(role_arn: str) -> str:
    """The account of a role's ARN, "" where it is not one."""
    parts = role_arn.split(":", _ARN_PARTS - 1)
    is_role = len(parts) == _ARN_PARTS and parts[2] == "iam" and parts[5].startswith("role/")
    return parts[4] if is_role else ""


def assume_role(world: World, caller: AccessKey, call: Call) -> Body:
    """An unknown role, a caller not trusted and a wrong external id look the same."""
    role_arn = str(call.parameters.get("RoleArn", ""))
    session = str(call.parameters.get("RoleSessionName", ""))
    if not target_account(role_arn) or not session:
        raise ApiError("ValidationError", f"{role_arn} is invalid")
    seconds = _seconds(call)
    role = world.roles.get(role_arn)
    if role is None or not role.admits(caller, str(call.parameters.get("ExternalId", ""))):
        raise denial(call, "", role_arn)
    return _session(world, role, session, role.session_seconds or seconds)


def assume_role_with_web_identity(world: World, call: Call) -> Body:
    """Nobody signs it: the token alone says who asks, once it is proven to say the truth.

    An unknown role, and one that trusts others, look the same.
    """
    role_arn = str(call.parameters.get("RoleArn", ""))
    session = str(call.parameters.get("RoleSessionName", ""))
    if not target_account(role_arn) or not session:
        raise ApiError("ValidationError", "Request ARN is invalid")
    seconds = _seconds(call)
    token = Token.parse(str(call.parameters.get("WebIdentityToken", "")))
    call.principal = token.subject
    account = world.accounts.get(target_account(role_arn))
    audience = verify(token, account.oidc_providers if account else {})
    role = world.roles.get(role_arn)
    trust = role.web_identity if role else None
    if role is None or trust is None or not trust.admits(token.issuer, audience, token.subject):
        message = f"Not authorized to perform sts:{call.operation}"
        raise ApiError("AccessDenied", message, 403)
    told = {
        "SubjectFromWebIdentityToken": token.subject,
        "Audience": audience,
        "Provider": provider_arn(role_arn, token.issuer),
    }
    return _session(world, role, session, role.session_seconds or seconds) | told


def provider_arn(role_arn: str, issuer: str) -> str:
    """The ARN of the issuer's OIDC provider in the role's account."""
    head = role_arn.partition(":role/")[0]
    return f"{head}:oidc-provider/{issuer.removeprefix('https://')}"


def _seconds(call: Call) -> float:
    asked = str(call.parameters.get("DurationSeconds", "3600"))
    if not asked.isdigit() or not _LEAST_SECONDS <= int(asked) <= _MOST_SECONDS:
        message = (
            f"1 validation error detected: Value '{asked}' at 'durationSeconds' failed to satisfy "
            f"constraint: Member must have value between {_LEAST_SECONDS} and {_MOST_SECONDS}"
        )
        raise ApiError("ValidationError", message)
    return float(asked)


def _session(world: World, role: Role, session: str, seconds: float) -> Body:
    _, partition, _, _, account, path = role.arn.split(":", _ARN_PARTS - 1)
    name = path.rpartition("/")[2]
    principal = f"arn:{partition}:sts::{account}:assumed-role/{name}/{session}"
    key = temporary_key(account, principal, f"{role.role_id}:{session}", seconds)
    with world.lock:
        world.access_keys[key.id] = key
    return {
        "Credentials": {
            "AccessKeyId": key.id,
            "SecretAccessKey": key.secret,
            "SessionToken": key.session_token,
            "Expiration": iso(max(key.expires, time.time())),
        },
        "AssumedRoleUser": {"AssumedRoleId": key.user_id, "Arn": principal},
    }
