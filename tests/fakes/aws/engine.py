"""From a request to an answer: who asks for what, which faults strike, what is said."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.aws import (
    cloud_control,
    dynamodb,
    ec2,
    elsewhere,
    iam,
    organizations,
    replay,
    requests,
    s3,
    sts,
    tagging,
)
from tests.fakes.aws.calls import Call, CallLog
from tests.fakes.aws.damage import Body
from tests.fakes.aws.faults import Fault, RuleBook, error_of
from tests.fakes.aws.identity import (
    NOBODY,
    AccessKey,
    CredentialError,
    Signature,
    is_signed_with,
    read_signature,
    skew,
)
from tests.fakes.aws.memory import Memory
from tests.fakes.aws.model import ALWAYS_ON, GLOBAL, Account
from tests.fakes.aws.paging import Pager
from tests.fakes.aws.problems import incomplete, problem
from tests.fakes.aws.protocols import (
    JSON,
    SERVICES,
    TAGGING,
    ApiError,
    WireRequest,
    WireResponse,
    failure,
    family,
    success,
)
from tests.fakes.aws.replay import Replay
from tests.fakes.aws.world import World

Operation = Callable[[Account, Call, Pager, list[Fault]], Body]

_LISTINGS: dict[str, dict[str, Operation]] = {
    "ec2": dict(ec2.OPERATIONS),
    "s3": dict(s3.OPERATIONS),
    "iam": dict(iam.OPERATIONS),
    TAGGING: dict(tagging.OPERATIONS),
    "dynamodb": dict(dynamodb.OPERATIONS),
    "cloudcontrol": dict(cloud_control.OPERATIONS),
}
_CONTROL_PLANE = "/v20180820/"  # of S3, which signs as S3 does
_WEB_IDENTITY = "AssumeRoleWithWebIdentity"
_STS = ("GetCallerIdentity", "AssumeRole", _WEB_IDENTITY)
_UNSIGNED_STS = Signature("", "", ALWAYS_ON, "sts", (), "")
_TOKENS = ("NextToken", "Marker", "continuation-token", "PaginationToken", dynamodb.TOKEN)
_ITEM_LISTS = (
    "Instances",
    "Volumes",
    "SecurityGroups",
    "Buckets",
    "ResourceTagMappingList",
    "Accounts",
    "ResourceDescriptions",
)
_NAME_LISTS = ("TableNames",)
_IAM_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


class Engine:
    """Answers requests out of a world; one per fake."""

    def __init__(self) -> None:
        self.world = World()
        self.organizations: dict[str, organizations.Organization] = {}
        self.rules = RuleBook()
        self.calls = CallLog()
        self.pager = Pager()
        self.replay = Replay()
        self.memory = Memory()
        self.stopping = threading.Event()

    def answer(self, wire: WireRequest) -> WireResponse:
        try:
            signature = read_signature(wire.headers.get("authorization", ""))
        except CredentialError as malformed:
            return failure("sts", incomplete(str(malformed)))
        if signature is None and _is_web_identity(wire):
            signature = _UNSIGNED_STS
        if signature is None or not is_known(signature.service):
            error = ApiError("MissingAuthenticationToken", "Request is missing a signature", 403)
            return failure("sts", error)
        call = self._read(wire, signature)
        try:
            response = self._respond(wire, signature, call)
        except ApiError as error:
            call.status, call.code = error.status, error.code
            response = failure(call.service, error)
        self.calls.record(call)
        return response

    def _read(self, wire: WireRequest, signature: Signature) -> Call:
        service, operation, parameters = what_is_asked(signature.service, wire)
        if self.replay.knows(service, operation):
            parameters = requests.parameters(service, operation, wire)
            token = self.replay.token(service, operation, parameters)
        else:
            token = next((str(parameters[name]) for name in _TOKENS if parameters.get(name)), "")
        return Call(
            at=self.world.now(),
            service=service,
            operation=operation,
            region=GLOBAL if service == "iam" else signature.region,
            access_key=signature.access_key,
            user_agent=wire.headers.get("user-agent", ""),
            parameters=parameters,
            token=token,
            page=self.pager.page_number(token),
        )

    def _respond(self, wire: WireRequest, signature: Signature, call: Call) -> WireResponse:
        caller = NOBODY
        if signature is not _UNSIGNED_STS:
            caller = self._authenticate(wire, signature, call)
        call.account, call.principal = caller.account, caller.principal
        if call.operation in ("AssumeRole", _WEB_IDENTITY):
            call.resource = str(call.parameters.get("RoleArn", ""))
            call.account = sts.target_account(call.resource) or caller.account
        faults = self.rules.strike(call)
        call.faults = [fault.kind for fault in faults]
        hangup = self._delay(faults, call)
        if hangup is not None:
            return hangup
        if not self._enabled(call):
            raise problem("unknown_key", call.service)
        response = self.memory.recall(call)
        if response is None:
            data = self._run(caller, call, faults)
            call.items = _count(data)
            response = success(call.service, call.operation, data)
            self.memory.keep(call, response)
        call.status = 200
        return _damaged(response, faults)

    def _authenticate(self, wire: WireRequest, signature: Signature, call: Call) -> AccessKey:
        key = self.world.access_keys.get(signature.access_key)
        token = wire.headers.get("x-amz-security-token", "")
        if key is None or key.session_token != token:
            raise problem("unknown_key", call.service)
        told = skew(wire.headers.get("x-amz-date", ""), datetime.now(UTC))
        if told:
            error = problem("skewed", call.service)
            error.message = error.message or told
            raise error
        signed = is_signed_with(
            key.secret,
            signature,
            method=wire.method,
            path=wire.path,
            query=wire.query,
            headers=wire.headers,
            body=wire.body,
        )
        if not signed:
            raise problem("bad_signature", call.service)
        if key.expired:
            raise problem("expired", call.service)
        return key

    def _delay(self, faults: list[Fault], call: Call) -> WireResponse | None:
        """Wait, hang up or raise, as the faults say; None = go on."""
        for fault in faults:
            if fault.kind in ("latency", "hang"):
                self.stopping.wait(fault.seconds)
            if fault.kind == "hang":
                return WireResponse(drop=True)
            if fault.kind == "reset":
                return WireResponse(reset=True)
            error = error_of(fault, call)
            if error is not None:
                raise error
        return None

    def _enabled(self, call: Call) -> bool:
        """Whether the account may use the region; what is asked for no region's sake is lenient.

        That is asked at a default region, which a test need not list.
        """
        account = self.world.accounts.get(call.account)
        if account is None or call.service in ("iam", "organizations"):
            return True
        lenient = call.service in ("sts", "s3") or call.region == ALWAYS_ON
        if lenient or elsewhere.is_global(call.service, call.operation):
            return call.region not in account.opted_out
        return call.region in account.regions

    def _run(self, caller: AccessKey, call: Call, faults: list[Fault]) -> Body:
        if call.service == "sts" and call.operation in _STS:
            return self._run_sts(caller, call)
        exhibit = self.replay.exhibit(call)
        if exhibit is not None:
            return replay.answer(exhibit, call, self.pager, faults)
        if (call.service, call.operation) == ("organizations", "ListAccounts"):
            with self.world.lock:
                return organizations.list_accounts(
                    self.world, self.organizations, call, self.pager, faults
                )
        run = _LISTINGS.get(call.service, {}).get(call.operation)
        if run is None:
            return elsewhere.nothing(call.service, call.operation)
        if call.parameters.get("DryRun") == "true":
            message = "Request would have succeeded, but DryRun flag is set."
            raise ApiError("DryRunOperation", message, 412)
        with self.world.lock:
            return run(self.world.accounts[call.account], call, self.pager, faults)

    def _run_sts(self, caller: AccessKey, call: Call) -> Body:
        if call.operation == "GetCallerIdentity":
            return sts.get_caller_identity(caller)
        if call.operation == "AssumeRole":
            return sts.assume_role(self.world, caller, call)
        if caller is not NOBODY:
            return elsewhere.nothing(call.service, call.operation)
        return sts.assume_role_with_web_identity(self.world, call)


def _is_web_identity(wire: WireRequest) -> bool:
    """The one call that is made without a signature."""
    return _WEB_IDENTITY.encode() in wire.body and _operation("sts", wire)[0] == _WEB_IDENTITY


def is_known(signing_name: str) -> bool:
    return signing_name in SERVICES or signing_name in elsewhere.signing_names()


def what_is_asked(signing_name: str, wire: WireRequest) -> tuple[str, str, dict[str, Any]]:
    """Service, operation and parameters."""
    if signing_name == "s3" and wire.path.startswith(_CONTROL_PLANE):
        return "s3control", elsewhere.operation_at("s3control", wire), {}
    if signing_name in SERVICES:
        service = SERVICES[signing_name]
        return service, *_operation(service, wire)
    return elsewhere.read(signing_name, wire)


def _operation(service: str, wire: WireRequest) -> tuple[str, dict[str, Any]]:
    if service == "s3":
        query = {key: value for key, value in wire.query if key != "x-id"}
        if wire.method == "GET" and wire.path == "/":
            return "ListBuckets", query
        asked = elsewhere.operation_at("s3", wire)
        return asked or f"{wire.method} {wire.path}", {**query, "Bucket": wire.path.strip("/")}
    if family(service) == JSON:
        operation = wire.headers.get("x-amz-target", "").rpartition(".")[2]
        return operation, json.loads(wire.body or b"{}")
    form = dict(parse_qsl(wire.body.decode(), keep_blank_values=True))
    return form.pop("Action", ""), form


def _count(data: Body) -> int:
    reservations = data.get("Reservations", ())
    flat = sum(len(data.get(name, ())) for name in (*_ITEM_LISTS, *_NAME_LISTS, *_IAM_LISTS))
    return flat + sum(len(reservation["Instances"]) for reservation in reservations)


def _damaged(response: WireResponse, faults: list[Fault]) -> WireResponse:
    kinds = {fault.kind for fault in faults}
    if "broken_page" in kinds:
        response.body = response.body[: len(response.body) // 2]
    if "empty_body" in kinds:
        response.body = b""
    if "foreign_page" in kinds:
        response.body = b"<html><body><p>Please sign in to this network.</p></body></html>"
        response.headers["Content-Type"] = "text/html"
    if "nested_page" in kinds:
        response.body = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    if "cut_page" in kinds:
        response.cut = len(response.body) // 2
    return response
