"""The demo's AWS: moto, behind a gate that does what moto can't.

`python -m tests.demo.emulator PORT`. Moto has no service control policies, and lets anybody
assume any role; the gate knows two accounts by their names, and refuses as AWS would. Calls
that moto does not know find nothing.
"""

import io
import sys
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.iam.models import get_account_id_from
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.organizations.models import organizations_backends
from werkzeug.serving import run_simple

from cloudops.collectors.aws.catalogue import LISTINGS
from tests.demo.estate import DENIED_REGION, OWN, RESTRICTED, UNTRUSTING
from tests.fakes.aws import elsewhere
from tests.fakes.aws.calls import Call
from tests.fakes.aws.engine import is_known, what_is_asked
from tests.fakes.aws.identity import Signature, read_signature
from tests.fakes.aws.problems import denial
from tests.fakes.aws.protocols import ApiError, WireRequest, WireResponse, failure, success
from tests.integration.collectors.moto_gaps import NOT_IN_MOTO

_UNKNOWN_TO_MOTO = {(row.service, row.operation) for row in LISTINGS if row.name in NOT_IN_MOTO}


class Gate:
    """Lets through to moto what it can answer, and the organization's rules allow."""

    def __init__(self, moto: WSGIApplication) -> None:
        self._moto = moto

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        signature = read_signature(environ.get("HTTP_AUTHORIZATION", ""))
        if signature is None or not is_known(signature.service):
            return self._moto(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        call = _call(environ, body, signature)
        refusal = _refusal(call)
        if refusal is not None:
            return _send(failure(call.service, refusal), start_response)
        if (call.service, call.operation) in _UNKNOWN_TO_MOTO:
            return _send(_nothing(call), start_response)
        return self._moto(environ, start_response)


def _nothing(call: Call) -> WireResponse:
    """What a service says where there is none, be it by an error."""
    try:
        return success(
            call.service, call.operation, elsewhere.nothing(call.service, call.operation)
        )
    except ApiError as error:
        return failure(call.service, error)


def _call(environ: WSGIEnvironment, body: bytes, signature: Signature) -> Call:
    headers = {
        name.removeprefix("HTTP_").lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    wire = WireRequest(environ["REQUEST_METHOD"], environ["PATH_INFO"], [], headers, body)
    service, operation, parameters = what_is_asked(signature.service, wire)
    account = get_account_id_from(signature.access_key)
    return Call(
        at=time.monotonic(),
        service=service,
        operation=operation,
        account=account,
        region=signature.region,
        access_key=signature.access_key,
        principal=f"arn:aws:sts::{account}:assumed-role/cloudops-read/cloudops-central",
        parameters=parameters,
    )


def _refusal(call: Call) -> ApiError | None:
    role = str(call.parameters.get("RoleArn", ""))
    if call.operation == "AssumeRole" and _name_of(role.split(":")[4]) == UNTRUSTING:
        return denial(call, "", role)
    if call.region == DENIED_REGION and _name_of(call.account) == RESTRICTED:
        return denial(call, "scp")
    return None


def _name_of(account_id: str) -> str:
    accounts = organizations_backends[OWN]["aws"].accounts
    return next((account.name for account in accounts if account.id == account_id), "")


def _send(response: WireResponse, start_response: StartResponse) -> list[bytes]:
    headers = [*response.headers.items(), ("Content-Length", str(len(response.body)))]
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
    return [response.body]


def main(port: str) -> None:
    app: Any = DomainDispatcherApplication(create_backend_app)
    run_simple("127.0.0.1", int(port), Gate(app), threaded=True)


if __name__ == "__main__":
    main(sys.argv[1])
