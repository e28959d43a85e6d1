"""CloudProvider: where to read and how often."""

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from cloudops.api.v1alpha1.aws import AwsSpec
from cloudops.api.v1alpha1.azure import AzureSpec
from cloudops.api.v1alpha1.base import ApiModel, member
from cloudops.api.v1alpha1.costs import CostsSpec
from cloudops.api.v1alpha1.fields import Name, Switch
from cloudops.api.v1alpha1.focus import FocusSpec
from cloudops.api.v1alpha1.gcp import GcpSpec
from cloudops.api.v1alpha1.inventory import InventorySpec, RateLimits
from cloudops.api.v1alpha1.parsing import parse
from cloudops.api.v1alpha1.rules import (
    Rule,
    equals,
    member_named_by,
    must_be,
    present,
    refuse,
    require,
)
from cloudops.api.v1alpha1.selection import AllowedNamespaces
from cloudops.domain.provider import ProviderSpec

_EXPORTED = equals("costs.source", "Export")
_IMMUTABLE: JsonDict = {
    "x-kubernetes-validations": [
        {
            "rule": "self == oldSelf",
            "message": "immutable: make another CloudProvider instead",
            "reason": "FieldValueForbidden",
        }
    ]
}


def _export_rules() -> tuple[Rule, ...]:
    """Exactly the member of the provider's type, wherever there is an export."""
    clouds = ("aws", "azure", "gcp")
    return (
        require(present("costs.export"), when=_EXPORTED & equals("type", *clouds)),
        refuse(present("costs.export"), when=equals("type", "focus")),
        *(
            require(
                present(f"costs.export.{cloud}"),
                when=present("costs.export") & equals("type", cloud),
            )
            for cloud in clouds
        ),
        *(refuse(present(f"costs.export.{c}"), unless=equals("type", c)) for c in clouds),
    )


class CloudProviderSpec(ApiModel):
    """Where to read and how often."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *member_named_by("type", aws="aws", azure="azure", gcp="gcp", focus="focus"),
        must_be("costs.source", "Export", when=equals("type", "focus")),
        must_be("costs.source", "None", "Export", when=equals("type", "gcp")),
        *_export_rules(),
    )

    type: Literal["aws", "azure", "gcp", "focus"] = Field(
        description="The cloud: the member of that name is needed, others are not allowed."
        " focus means cost files of any vendor. Cannot be changed.",
        json_schema_extra=_IMMUTABLE,
    )
    suspend: Switch = Field(
        default=False, description="true stops reading; what is known stays, with its age."
    )
    aws: AwsSpec | None = Field(None, description="What to read in AWS, for type aws.")
    azure: AzureSpec | None = Field(None, description="What to read in Azure, for type azure.")
    gcp: GcpSpec | None = Field(None, description="What to read in Google Cloud, for type gcp.")
    focus: FocusSpec | None = Field(None, description="Which cost files to read, for type focus.")
    inventory: InventorySpec = member(
        InventorySpec,
        "What is read of the resources and how long it is kept; ignored for type focus.",
    )
    rate_limits: RateLimits = Field(
        (), description="Limits of API calls that replace the built-in ones, at most 50."
    )
    costs: CostsSpec = member(
        CostsSpec, "Where charges come from, how often they are read and how long they are kept."
    )
    allowed_namespaces: AllowedNamespaces = member(
        AllowedNamespaces, "Namespaces whose budgets, policies and frameworks may refer to it."
    )

    def to_domain(self) -> ProviderSpec:
        return ProviderSpec(
            cloud=self.type,
            suspended=self.suspend,
            aws=self.aws.to_domain() if self.aws else None,
            inventory=self.inventory.to_domain(),
            rate_limits=tuple(limit.to_domain() for limit in self.rate_limits),
        )


class ObjectMeta(ApiModel):
    """The part of `metadata` that the command line needs."""

    model_config = ConfigDict(extra="ignore")

    name: Name
    namespace: Name = "default"


class CloudProvider(ApiModel):
    """A whole document but its status."""

    api_version: Literal["cloudops.dev/v1alpha1"]
    kind: Literal["CloudProvider"]
    metadata: ObjectMeta
    spec: CloudProviderSpec


def parse_cloudprovider(document: object) -> CloudProvider:
    """Judge a CloudProvider as the API server would; `status` is ignored.

    Args:
        document: The object as JSON values, e.g. from a YAML file or a watch.

    Raises:
        InvalidInputError: With one `spec.aws.credentials.secretRef: …` per mistake.
    """
    if isinstance(document, dict):
        document = {key: value for key, value in document.items() if key != "status"}
    return parse(CloudProvider, document)
