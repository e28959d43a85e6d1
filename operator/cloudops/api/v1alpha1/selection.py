"""Selections by glob and by label, shared by all kinds."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cloudops.api.v1alpha1.base import ApiModel, member
from cloudops.api.v1alpha1.fields import (
    ACCOUNT_ITEMS,
    LIST_ITEMS,
    NAME_LENGTH,
    Glob,
    RegionGlob,
)
from cloudops.api.v1alpha1.rules import Rule, equals, filled, only_with
from cloudops.domain.provider import ANY, Globs

_LABEL_VALUE = r"^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$"
_LABEL_KEY = r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$"

LabelKey = Annotated[str, Field(strict=True, max_length=253 + 1 + NAME_LENGTH, pattern=_LABEL_KEY)]
LabelValue = Annotated[str, Field(strict=True, max_length=NAME_LENGTH, pattern=_LABEL_VALUE)]
Include = Annotated[tuple[Glob, ...], Field(min_length=1, max_length=LIST_ITEMS)]
Exclude = Annotated[tuple[Glob, ...], Field(max_length=LIST_ITEMS)]


class TypeGlobs(ApiModel):
    """Which resource types are read."""

    include: Include = Field(
        ANY,
        description="Globs on native types or kinds, at least one; `*` means all that are"
        " described. Types that only AWS Cloud Control lists want more than that:"
        " `AWS::*`, or `other.*` for their kinds. Example: [`AWS::EC2::*`, `storage.*`].",
    )
    exclude: Exclude = Field(
        (),
        description="Globs taken away from what `include` selects."
        " Example: [`AWS::Logs::LogStream`].",
    )

    def to_domain(self) -> Globs:
        return Globs(self.include, self.exclude)


class RegionGlobs(ApiModel):
    """Which regions are read."""

    include: Annotated[tuple[RegionGlob, ...], Field(min_length=1, max_length=LIST_ITEMS)] = Field(
        ANY,
        description="Globs on region names, at least one; `*` means every region that is enabled"
        " in the account. Example: [`eu-*`, `us-east-1`].",
    )
    exclude: Annotated[tuple[RegionGlob, ...], Field(max_length=LIST_ITEMS)] = Field(
        (), description="Globs taken away from what `include` selects. Example: [`eu-south-*`]."
    )

    def to_domain(self) -> Globs:
        return Globs(self.include, self.exclude)


class LabelRequirement(ApiModel):
    """One term of a label selector."""

    rules: ClassVar[tuple[Rule, ...]] = only_with(
        filled("values"), equals("operator", "In", "NotIn")
    )

    key: LabelKey = Field(description="Label key. Example: `team`.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = Field(
        description="How the label is compared; In and NotIn need `values`."
    )
    values: Annotated[tuple[LabelValue, ...], Field(max_length=LIST_ITEMS)] = Field(
        (), description="Label values for In and NotIn. Example: [`payments`, `search`]."
    )


class LabelSelector(ApiModel):
    """Selects by labels; every term must hold."""

    match_labels: Annotated[dict[str, LabelValue], Field(max_length=LIST_ITEMS)] = Field(
        {}, description="Labels that must have exactly these values. Example: {env: prod}."
    )
    match_expressions: Annotated[tuple[LabelRequirement, ...], Field(max_length=LIST_ITEMS)] = (
        Field((), description="Further terms that must hold.")
    )


class AllowedNamespaces(ApiModel):
    """Whose objects may refer to this one."""

    rules: ClassVar[tuple[Rule, ...]] = only_with(
        (filled("selector.matchLabels") | filled("selector.matchExpressions")).at("selector"),
        equals("from", "Selector"),
    )

    from_: Literal["Same", "All", "Selector"] = Field(
        "Same",
        description="Same: only objects in this namespace. All: objects in every namespace."
        " Selector: objects in namespaces whose labels match `selector`.",
    )
    selector: LabelSelector = member(
        LabelSelector, "Labels of the namespaces, for `from: Selector` only, at least one term."
    )


AccountGlobs = Annotated[tuple[Glob, ...], Field(min_length=1, max_length=ACCOUNT_ITEMS)]
AccountExclusions = Annotated[tuple[Glob, ...], Field(max_length=ACCOUNT_ITEMS)]
