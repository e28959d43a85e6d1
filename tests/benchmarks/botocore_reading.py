"""`python -m tests.benchmarks.botocore_reading URL REGION,… ACCOUNT,…`: botocore, and nothing else.

Asks for the same pages as a sync of tier 1, with a client for each account, region and service,
one call after the other, and throws the answers away. Prints calls and CPU seconds as JSON.
"""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.session import Session

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.hooks import without_account
from cloudops.collectors.aws.paging import Paging, PagingRule
from cloudops.collectors.vocabulary import ACCOUNT, Listing, RegionRule
from cloudops.domain.resource import Facet
from tests.benchmarks.collecting import KEYS
from tests.fakes.aws.model import ALWAYS_ON
from tests.fakes.aws.replay_items import paging_declared

MEMBER_ROLE = "cloudops-read"


class Program:
    """One account of many; the first is entered with the key itself."""

    def __init__(self, session: Session, url: str, account_id: str) -> None:
        self._session = session
        self._url = url
        self._account_id = account_id
        self._clients: dict[tuple[str, str], BaseClient] = {}
        self.calls = 0

    def assume(self, account_id: str) -> "Program":
        arn = f"arn:aws:iam::{account_id}:role/{MEMBER_ROLE}"
        answer = self.call("sts", ALWAYS_ON, "AssumeRole", RoleArn=arn, RoleSessionName="bench")
        keys = answer["Credentials"]
        session = Session()
        session.set_credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        return Program(session, self._url, account_id)

    def call(self, service: str, region: str, operation: str, **parameters: Any) -> dict[str, Any]:
        client = self._clients.get((service, region))
        if client is None:
            client = self._session.create_client(
                service, region_name=region, endpoint_url=self._url
            )
            if service == "s3control":  # see there
                client.meta.events.register_first("request-created.s3-control", without_account)
            self._clients[service, region] = client
        self.calls += 1
        answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        return answer

    def read(self, listing: Listing, region: str) -> None:
        """All pages; an error is how some services say that there is nothing."""
        fixed = {name: self._own(value) for name, value in listing.parameters.items()}
        if listing.page_size:
            fixed[listing.page_size_parameter] = listing.page_size
        paging = Paging(PagingRule.of(paging_declared(listing.service, listing.operation)))
        more = True
        while more:
            try:
                answer = self.call(
                    listing.service, region, listing.operation, **fixed, **paging.tokens
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in listing.absent:
                    raise
                return
            paging.read(answer)
            more = paging.goes_on(some=True)

    def _own(self, value: Any) -> Any:
        return value.replace(ACCOUNT, self._account_id) if isinstance(value, str) else value


def main() -> None:
    url, regions, accounts = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(",")
    began = time.process_time()
    session = Session()
    session.set_credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"])
    first = Program(session, url, accounts[0])
    programs = [first, *map(first.assume, accounts[1:])]
    for program in programs:
        for listing in LISTINGS:
            if listing.facet is Facet.DETAIL:
                continue
            is_global = listing.region_rule is RegionRule.GLOBAL
            for region in [ALWAYS_ON] if is_global else regions:
                program.read(listing, region)
    told: Mapping[str, float] = {
        "calls": sum(program.calls for program in programs),
        "cpu_seconds": time.process_time() - began,
    }
    print(json.dumps(told))  # noqa: T201  what whoever started it reads


if __name__ == "__main__":
    main()
