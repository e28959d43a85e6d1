"""The models that every custom resource is made of: closed, frozen, camelCase."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from cloudops.api.v1alpha1.rules import Rule

GROUP = "cloudops.dev"
VERSION = "v1alpha1"

RULES_BROKEN = "rules_broken"  # error type; its context lists (path below the model, message)

_ACRONYMS = {"arn": "ARN", "id": "ID", "ids": "IDs", "url": "URL"}


def json_name(python_name: str) -> str:
    """`role_arn` → `roleARN`, `subscription_ids` → `subscriptionIDs`, `from_` → `from`."""
    first, *others = python_name.rstrip("_").split("_")
    return first + "".join(_ACRONYMS.get(word, word.capitalize()) for word in others)


def add_rules(schema: dict[str, Any], model: type["ApiModel"]) -> None:
    """Give a model's JSON schema the CEL form of its rules."""
    if model.rules:
        schema["x-kubernetes-validations"] = [rule.to_schema() for rule in model.rules]


class ApiModel(BaseModel):
    """Judges as the API server does: same defaults, same rules, nulls count as absent."""

    model_config = ConfigDict(
        alias_generator=json_name,
        extra="forbid",
        frozen=True,
        validate_by_alias=True,
        validate_by_name=False,
        json_schema_extra=add_rules,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        """The API server drops nulls of known fields, then fills in defaults."""
        if not isinstance(data, Mapping):
            return data
        known = {field.alias for field in cls.model_fields.values()}
        return {key: value for key, value in data.items() if value is not None or key not in known}

    @model_validator(mode="after")
    def _keep_rules(self) -> "ApiModel":
        broken = [(rule.path, rule.message) for rule in self.rules if not rule.test(self)]
        if broken:
            raise PydanticCustomError(RULES_BROKEN, "rules are broken", {"violations": broken})
        return self


class StatusModel(ApiModel):
    """What the operator writes; made in code, so Python names work too."""

    model_config = ConfigDict(validate_by_name=True)


def member(model: type[ApiModel], description: str) -> Any:
    """An optional member that is there by default, with the defaults of its own fields."""
    return Field(default_factory=model, description=description, json_schema_extra={"default": {}})
