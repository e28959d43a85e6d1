"""Models of services are those of the SDK, but for what nobody reads."""

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.session import Session

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.models import ModelFiles, model_loader

pytestmark = pytest.mark.unit

SERVICES = sorted({listing.service for listing in LISTINGS})
KINDS = ("service-2", "paginators-1", "endpoint-rule-set-1")


def without_documentation(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: ""
            if name == "documentation" and isinstance(inner, str)
            else without_documentation(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [without_documentation(inner) for inner in value]
    return value


@pytest.mark.parametrize("service", SERVICES)
def test_a_model_says_what_the_sdks_own_says(service: str):
    """By loaders of their own: making a client of S3 changes the model that it was given."""
    ours, theirs = Loader(file_loader=ModelFiles()), Loader()

    for kind in (one for one in KINDS if service in theirs.list_available_services(one)):
        model = ours.load_service_model(service, kind)
        assert model == without_documentation(theirs.load_service_model(service, kind)), kind
        assert type(model) is dict


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_can_be_made_of_it(service: str):
    """Fails where the SDK wants documentation to be there, as in parameters of S3's clients."""
    session = Session()
    session.register_component("data_loader", model_loader())
    client = session.create_client(
        service,
        region_name="eu-west-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )

    assert client.meta.service_model.client_context_parameters is not None
    client.close()


def test_what_is_not_there_is_not_found():
    assert not set(model_loader().list_available_services("service-2")) ^ set(
        Loader().list_available_services("service-2")
    )
