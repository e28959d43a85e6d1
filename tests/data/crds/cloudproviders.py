"""One table of CloudProviders, judged by pydantic and by a real API server alike.

Every refused one holds exactly one mistake, and names the field that both
judges must name.
"""

import copy
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]

REMOVED = object()
UUID = "11111111-2222-3333-4444-555555555555"
AUDIENCE = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/p/providers/k"

AWS: Spec = {"type": "aws", "aws": {"credentials": {"source": "Operator"}}}
AWS_SECRET: Spec = {
    "type": "aws",
    "aws": {
        "credentials": {
            "source": "Secret",
            "secretRef": {"name": "aws-credentials"},
            "roleARN": "arn:aws:iam::111122223333:role/entry",
            "externalID": "acme-42",
        },
        "accounts": {"ids": ["111122223333", "444455556666"]},
    },
}
AWS_WORKLOAD_IDENTITY: Spec = {
    "type": "aws",
    "aws": {
        "credentials": {
            "source": "WorkloadIdentity",
            "serviceAccountName": "cloud-reader",
            "roleARN": "arn:aws-us-gov:iam::111122223333:role/path/entry",
            "roleChain": [{"roleARN": "arn:aws:iam::111122223333:role/audit", "externalID": "x1"}],
        }
    },
}
AZURE: Spec = {
    "type": "azure",
    "azure": {
        "credentials": {
            "source": "Secret",
            "secretRef": {"name": "azure-credentials"},
            "clientID": UUID,
        },
        "tenantID": UUID,
        "managementGroupIDs": ["platform"],
        "subscriptionIDs": [UUID],
    },
}
GCP: Spec = {
    "type": "gcp",
    "gcp": {
        "credentials": {
            "source": "WorkloadIdentity",
            "serviceAccountName": "cloud-reader",
            "audience": AUDIENCE,
            "impersonate": ["reader@acme.iam.gserviceaccount.com"],
        },
        "parents": ["organizations/123456789012", "folders/42", "projects/acme-prod"],
    },
}
FOCUS: Spec = {
    "type": "focus",
    "focus": {
        "serviceProviderName": "Datadog",
        "credentials": {"source": "Operator"},
        "location": {
            "type": "S3",
            "s3": {"bucket": "b", "prefix": "p/", "region": "eu-west-1", "endpointURL": ""},
        },
    },
    "costs": {"source": "Export"},
}
BLOB = {"accountURL": "https://acme.blob.core.windows.net", "container": "focus"}
AWS_EXPORT = {
    "format": "FOCUS",
    "bucket": "b",
    "prefix": "exports",
    "region": "us-east-1",
    "exportName": "focus",
}
AZURE_EXPORT = {
    "accountURL": "https://x.blob.core.windows.net",
    "container": "costs",
    "directory": "focus",
    "exportName": "daily",
}
GCP_EXPORT = {
    "format": "Detailed",
    "projectID": "p",
    "datasetID": "billing",
    "tableID": "gcp_billing_export_resource_v1_X",
    "location": "EU",
    "jobProjectID": "p",
    "maxBytesBilled": 10737418240,
}


def changed(spec: Spec, changes: dict[str, Any]) -> Spec:
    """A copy of `spec` with other values at dotted paths; `REMOVED` takes a field away."""
    copied = copy.deepcopy(spec)
    for path, value in changes.items():
        *parents, name = path.split(".")
        place = copied
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is REMOVED:
            del place[name]
        else:
            place[name] = copy.deepcopy(value)
    return copied


def document(spec: Any, *, name: str = "example") -> dict[str, Any]:
    return {
        "apiVersion": "cloudops.dev/v1alpha1",
        "kind": "CloudProvider",
        "metadata": {"name": name},
        "spec": spec,
    }


@dataclass(frozen=True)
class Refused:
    """A spec with one mistake, at `path`."""

    id: str
    path: str
    spec: Any
    name: str = "example"

    @property
    def document(self) -> dict[str, Any]:
        return document(self.spec, name=self.name)


@dataclass(frozen=True)
class Accepted:
    id: str
    spec: Spec

    @property
    def document(self) -> dict[str, Any]:
        return document(self.spec)


def _refused(id_: str, path: str, spec: Spec, changes: dict[str, Any]) -> Refused:
    return Refused(id_, f"spec.{path}", changed(spec, changes))


_UNIONS = [
    _refused("type-missing", "type", AWS, {"type": REMOVED}),
    _refused("type-unknown", "type", AWS, {"type": "aliyun"}),
    _refused("member-missing", "aws", AWS, {"aws": REMOVED}),
    _refused("member-of-another-type", "azure", AWS, {"azure": AZURE["azure"]}),
    _refused("gcp-member-on-azure", "gcp", AZURE, {"gcp": GCP["gcp"]}),
    _refused("focus-member-on-aws", "focus", AWS, {"focus": FOCUS["focus"]}),
    _refused("member-is-a-string", "aws", AWS, {"aws": "all"}),
    _refused("unknown-field", "awz", AWS, {"awz": {}}),
    _refused("python-name", "rate_limits", AWS, {"rate_limits": []}),
    _refused("acronym-in-another-case", "aws.endpointUrl", AWS, {"aws.endpointUrl": ""}),
    _refused("suspend-is-a-string", "suspend", AWS, {"suspend": "yes"}),
    Refused("spec-is-a-list", "spec", []),
    Refused("name-too-long", "metadata.name", AWS, name="n" * 64),
]

_C = "aws.credentials"
_AWS_CREDENTIALS = [
    _refused("credentials-missing", _C, AWS, {_C: REMOVED, "aws.endpointURL": ""}),
    _refused("source-missing", f"{_C}.source", AWS, {f"{_C}.source": REMOVED}),
    _refused("source-unknown", f"{_C}.source", AWS, {f"{_C}.source": "Vault"}),
    _refused("source-empty", f"{_C}.source", AWS, {f"{_C}.source": ""}),
    _refused("secret-without-ref", f"{_C}.secretRef", AWS_SECRET, {f"{_C}.secretRef": REMOVED}),
    _refused("ref-without-secret", f"{_C}.secretRef", AWS, {f"{_C}.secretRef": {"name": "s"}}),
    _refused("ref-without-name", f"{_C}.secretRef.name", AWS_SECRET, {f"{_C}.secretRef": {}}),
    _refused("secret-name-empty", f"{_C}.secretRef.name", AWS_SECRET, {f"{_C}.secretRef.name": ""}),
    _refused(
        "secret-name-not-a-name",
        f"{_C}.secretRef.name",
        AWS_SECRET,
        {f"{_C}.secretRef.name": "My_Secret"},
    ),
    _refused(
        "workload-identity-without-service-account",
        f"{_C}.serviceAccountName",
        AWS_WORKLOAD_IDENTITY,
        {f"{_C}.serviceAccountName": REMOVED},
    ),
    _refused(
        "workload-identity-with-empty-service-account",
        f"{_C}.serviceAccountName",
        AWS_WORKLOAD_IDENTITY,
        {f"{_C}.serviceAccountName": ""},
    ),
    _refused(
        "service-account-without-workload-identity",
        f"{_C}.serviceAccountName",
        AWS,
        {f"{_C}.serviceAccountName": "cloud-reader"},
    ),
    _refused(
        "workload-identity-without-role",
        f"{_C}.roleARN",
        AWS_WORKLOAD_IDENTITY,
        {f"{_C}.roleARN": REMOVED},
    ),
    _refused("role-not-an-arn", f"{_C}.roleARN", AWS_SECRET, {f"{_C}.roleARN": "entry"}),
    _refused("external-id-without-role", f"{_C}.externalID", AWS, {f"{_C}.externalID": "acme-42"}),
    _refused(
        "external-id-by-web-identity",
        f"{_C}.externalID",
        AWS_WORKLOAD_IDENTITY,
        {f"{_C}.externalID": "acme-42"},
    ),
    _refused(
        "chain-too-long",
        f"{_C}.roleChain",
        AWS,
        {f"{_C}.roleChain": [{"roleARN": "arn:aws:iam::111122223333:role/r"}] * 6},
    ),
    _refused("chain-without-role", f"{_C}.roleChain[0].roleARN", AWS, {f"{_C}.roleChain": [{}]}),
    _refused(
        "azure-word-in-aws-credentials",
        f"{_C}.clientID",
        AWS,
        {f"{_C}.clientID": UUID},
    ),
]

_A = "aws.accounts"
_AWS = [
    _refused("discovery-unknown", f"{_A}.discovery", AWS, {f"{_A}.discovery": "All"}),
    _refused("ids-with-organization", f"{_A}.ids", AWS_SECRET, {f"{_A}.discovery": "Organization"}),
    _refused("id-too-short", f"{_A}.ids[1]", AWS, {f"{_A}.ids": ["111122223333", "42"]}),
    _refused("id-not-quoted", f"{_A}.ids[0]", AWS, {f"{_A}.ids": [111122223333]}),
    _refused("ids-too-many", f"{_A}.ids", AWS, {f"{_A}.ids": ["111122223333"] * 1001}),
    _refused("ids-not-a-list", f"{_A}.ids", AWS, {f"{_A}.ids": "111122223333"}),
    _refused("include-empty", f"{_A}.include", AWS, {f"{_A}.include": []}),
    _refused("glob-empty", f"{_A}.exclude[0]", AWS, {f"{_A}.exclude": [""]}),
    _refused("glob-too-long", f"{_A}.exclude[0]", AWS, {f"{_A}.exclude": ["g" * 257]}),
    _refused("glob-with-a-line-break", f"{_A}.exclude[0]", AWS, {f"{_A}.exclude": ["prod-*\n"]}),
    _refused("role-name-is-an-arn", f"{_A}.memberRoleName", AWS, {f"{_A}.memberRoleName": "a:b"}),
    _refused("regions-include-empty", "aws.regions.include", AWS, {"aws.regions.include": []}),
    _refused(
        "region-in-capitals",
        "aws.regions.exclude[0]",
        AWS,
        {"aws.regions.exclude": ["EU (Frankfurt)"]},
    ),
    _refused(
        "regions-too-many", "aws.regions.exclude", AWS, {"aws.regions.exclude": ["eu-*"] * 101}
    ),
    _refused("endpoint-ftp", "aws.endpointURL", AWS, {"aws.endpointURL": "ftp://127.0.0.1"}),
    _refused(
        "endpoint-with-password", "aws.endpointURL", AWS, {"aws.endpointURL": "https://u:p@host"}
    ),
    _refused(
        "endpoint-too-long", "aws.endpointURL", AWS, {"aws.endpointURL": f"http://h/{'a' * 2040}"}
    ),
]

_Z = "azure.credentials"
_G = "gcp.credentials"
_OTHER_CLOUDS = [
    _refused("azure-without-client", f"{_Z}.clientID", AZURE, {f"{_Z}.clientID": REMOVED}),
    _refused("azure-without-tenant", "azure.tenantID", AZURE, {"azure.tenantID": REMOVED}),
    _refused("tenant-is-a-domain", "azure.tenantID", AZURE, {"azure.tenantID": "acme.com"}),
    _refused(
        "subscription-not-an-id",
        "azure.subscriptionIDs[0]",
        AZURE,
        {"azure.subscriptionIDs": ["production"]},
    ),
    _refused("environment-unknown", "azure.environment", AZURE, {"azure.environment": "Germany"}),
    _refused("gcp-without-audience", f"{_G}.audience", GCP, {f"{_G}.audience": ""}),
    _refused(
        "audience-without-workload-identity",
        f"{_G}.audience",
        GCP,
        {f"{_G}.source": "Operator", f"{_G}.serviceAccountName": REMOVED},
    ),
    _refused("parents-missing", "gcp.parents", GCP, {"gcp.parents": REMOVED}),
    _refused("parents-empty", "gcp.parents", GCP, {"gcp.parents": []}),
    _refused(
        "parent-of-unknown-sort", "gcp.parents[0]", GCP, {"gcp.parents": ["billingAccounts/1"]}
    ),
    _refused(
        "impersonate-not-an-email",
        f"{_G}.impersonate[0]",
        GCP,
        {f"{_G}.impersonate": ["reader"]},
    ),
]

_L = "focus.location"
_F = "focus.credentials"
_FOCUS = [
    _refused("location-member-missing", f"{_L}.gcs", FOCUS, {_L: {"type": "GCS"}}),
    _refused("location-with-two-members", f"{_L}.blob", FOCUS, {f"{_L}.blob": BLOB}),
    _refused("focus-without-credentials", _F, FOCUS, {_F: REMOVED}),
    _refused(
        "folder-with-credentials",
        _F,
        FOCUS,
        {_L: {"type": "Path", "path": {"directory": "/var/lib/focus"}}},
    ),
    _refused("client-id-for-s3", f"{_F}.clientID", FOCUS, {f"{_F}.clientID": UUID}),
    _refused(
        "role-for-blob",
        f"{_F}.roleARN",
        FOCUS,
        {
            _L: {"type": "Blob", "blob": BLOB},
            f"{_F}.roleARN": "arn:aws:iam::111122223333:role/r",
        },
    ),
    _refused(
        "blob-by-secret-without-tenant",
        f"{_F}.tenantID",
        FOCUS,
        {
            _L: {"type": "Blob", "blob": BLOB},
            _F: {"source": "Secret", "secretRef": {"name": "s"}, "clientID": UUID},
        },
    ),
    _refused(
        "s3-by-workload-identity-without-role",
        f"{_F}.roleARN",
        FOCUS,
        {_F: {"source": "WorkloadIdentity", "serviceAccountName": "a"}},
    ),
    _refused(
        "gcs-by-workload-identity-without-audience",
        f"{_F}.audience",
        FOCUS,
        {
            _L: {"type": "GCS", "gcs": {"bucket": "b"}},
            _F: {"source": "WorkloadIdentity", "serviceAccountName": "a"},
        },
    ),
    _refused("vendor-empty", "focus.serviceProviderName", FOCUS, {"focus.serviceProviderName": ""}),
    _refused(
        "vendor-with-nul",
        "focus.serviceProviderName",
        FOCUS,
        {"focus.serviceProviderName": "Data\0dog"},
    ),
    _refused("prefix-with-escape", f"{_L}.s3.prefix", FOCUS, {f"{_L}.s3.prefix": "focus/\x1b[31m"}),
    _refused("focus-without-costs", "costs.source", FOCUS, {"costs": REMOVED}),
    _refused("focus-by-api", "costs.source", FOCUS, {"costs.source": "API"}),
    _refused("focus-with-export", "costs.export", FOCUS, {"costs.export": {}}),
]

_COSTS = [
    _refused("export-missing", "costs.export", AWS, {"costs.source": "Export"}),
    _refused(
        "export-without-member",
        "costs.export.aws",
        AWS,
        {"costs.source": "Export", "costs.export": {}},
    ),
    _refused(
        "export-of-two-clouds",
        "costs.export.gcp",
        AWS,
        {"costs.export": {"aws": AWS_EXPORT, "gcp": GCP_EXPORT}},
    ),
    _refused(
        "export-without-bucket",
        "costs.export.aws.bucket",
        AWS,
        {"costs.export.aws": {k: v for k, v in AWS_EXPORT.items() if k != "bucket"}},
    ),
    _refused(
        "export-of-unknown-format",
        "costs.export.aws.format",
        AWS,
        {"costs.export.aws": {**AWS_EXPORT, "format": "CUR1"}},
    ),
    _refused("gcp-by-api", "costs.source", GCP, {"costs.source": "API"}),
    _refused("tag-without-key", "costs.api.tagKey", AWS, {"costs.api.by": "Tag"}),
    _refused("key-without-tag", "costs.api.tagKey", AWS, {"costs.api.tagKey": "team"}),
    _refused("tag-keys-too-many", "costs.tagKeys", AWS, {"costs.tagKeys": ["k"] * 21}),
    _refused("tag-key-with-nul", "costs.tagKeys[0]", AWS, {"costs.tagKeys": ["te\0am"]}),
    _refused(
        "cost-tag-with-delete",
        "costs.api.tagKey",
        AWS,
        {"costs.api": {"by": "Tag", "tagKey": "team\x7f"}},
    ),
    _refused("costs-too-often", "costs.syncPeriodSeconds", AWS, {"costs.syncPeriodSeconds": 59}),
    _refused(
        "bytes-as-a-string",
        "costs.export.gcp.maxBytesBilled",
        GCP,
        {"costs.export.gcp": {**GCP_EXPORT, "maxBytesBilled": "10Gi"}},
    ),
]

_I = "inventory"
_N = "allowedNamespaces"
_INVENTORY = [
    _refused("sync-too-often", f"{_I}.syncPeriodSeconds", AWS, {f"{_I}.syncPeriodSeconds": 59}),
    _refused("sync-too-rarely", f"{_I}.syncPeriodSeconds", AWS, {f"{_I}.syncPeriodSeconds": 86401}),
    _refused("period-as-words", f"{_I}.syncPeriodSeconds", AWS, {f"{_I}.syncPeriodSeconds": "15m"}),
    _refused("period-broken", f"{_I}.syncPeriodSeconds", AWS, {f"{_I}.syncPeriodSeconds": 900.5}),
    _refused("types-include-empty", f"{_I}.types.include", AWS, {f"{_I}.types.include": []}),
    _refused(
        "type-with-nul",
        f"{_I}.types.include[0]",
        AWS,
        {f"{_I}.types.include": ["AWS::\0*"]},
    ),
    _refused("brake-zero", f"{_I}.deletionBrake.percent", AWS, {f"{_I}.deletionBrake.percent": 0}),
    _refused(
        "brake-over-100", f"{_I}.deletionBrake.percent", AWS, {f"{_I}.deletionBrake.percent": 101}
    ),
    _refused("history-zero", f"{_I}.historyDays", AWS, {f"{_I}.historyDays": 0}),
    _refused("limit-without-name", "rateLimits[0].name", AWS, {"rateLimits": [{"perSecond": "1"}]}),
    _refused("limit-of-nothing", "rateLimits[0].perSecond", AWS, {"rateLimits": [{"name": "a"}]}),
    _refused(
        "limit-zero",
        "rateLimits[0].perSecond",
        AWS,
        {"rateLimits": [{"name": "a", "perSecond": "0.00", "maxConcurrent": 1}]},
    ),
    _refused(
        "limit-not-quoted",
        "rateLimits[0].perSecond",
        AWS,
        {"rateLimits": [{"name": "a", "perSecond": 0.5, "maxConcurrent": 1}]},
    ),
    _refused(
        "burst-without-rate",
        "rateLimits[0].burst",
        AWS,
        {"rateLimits": [{"name": "a", "maxConcurrent": 1, "burst": 5}]},
    ),
    _refused(
        "limits-of-one-name",
        "rateLimits[1]",
        AWS,
        {"rateLimits": [{"name": "a", "maxConcurrent": 1}, {"name": "a", "maxConcurrent": 2}]},
    ),
    _refused("selector-missing", f"{_N}.selector", AWS, {f"{_N}.from": "Selector"}),
    _refused(
        "selector-without-from",
        f"{_N}.selector",
        AWS,
        {f"{_N}.selector.matchLabels": {"env": "prod"}},
    ),
    _refused(
        "label-value-not-a-label",
        f"{_N}.selector.matchLabels.env",
        AWS,
        {f"{_N}.from": "Selector", f"{_N}.selector.matchLabels": {"env": "very bad"}},
    ),
    _refused(
        "in-without-values",
        f"{_N}.selector.matchExpressions[0].values",
        AWS,
        {
            f"{_N}.from": "Selector",
            f"{_N}.selector.matchExpressions": [{"key": "env", "operator": "In"}],
        },
    ),
    _refused(
        "exists-with-values",
        f"{_N}.selector.matchExpressions[0].values",
        AWS,
        {
            f"{_N}.from": "Selector",
            f"{_N}.selector.matchExpressions": [
                {"key": "env", "operator": "Exists", "values": ["prod"]}
            ],
        },
    ),
]

REFUSED: list[Refused] = [
    *_UNIONS,
    *_AWS_CREDENTIALS,
    *_AWS,
    *_OTHER_CLOUDS,
    *_FOCUS,
    *_COSTS,
    *_INVENTORY,
]

ACCEPTED: list[Accepted] = [
    Accepted("aws", AWS),
    Accepted("aws-by-secret", AWS_SECRET),
    Accepted("aws-by-workload-identity", AWS_WORKLOAD_IDENTITY),
    Accepted("azure", AZURE),
    Accepted(
        "azure-by-operator", {"type": "azure", "azure": {"credentials": {"source": "Operator"}}}
    ),
    Accepted("gcp", GCP),
    Accepted("focus-in-s3", FOCUS),
    Accepted(
        "focus-in-blob",
        changed(
            FOCUS,
            {
                _L: {"type": "Blob", "blob": BLOB},
                _F: {
                    "source": "Secret",
                    "secretRef": {"name": "s"},
                    "clientID": UUID,
                    "tenantID": UUID,
                },
            },
        ),
    ),
    Accepted(
        "focus-in-gcs",
        changed(
            FOCUS,
            {
                _L: {"type": "GCS", "gcs": {"bucket": "b"}},
                _F: {
                    "source": "WorkloadIdentity",
                    "serviceAccountName": "a",
                    "audience": AUDIENCE,
                },
            },
        ),
    ),
    Accepted(
        "focus-in-a-folder",
        changed(
            FOCUS,
            {_F: REMOVED, _L: {"type": "Path", "path": {"directory": "/var/lib/focus"}}},
        ),
    ),
    Accepted(
        "organization",
        changed(AWS, {f"{_A}.discovery": "Organization", f"{_A}.ids": []}),
    ),
    Accepted(
        "words-of-every-script",
        changed(
            AWS,
            {
                f"{_A}.include": ["Größe *", "\u6771\u4eac-[a-z]", "\U0001f680\u00a0"],
                "costs.tagKeys": ["Kostenstelle & Ort", "équipe"],
            },
        ),
    ),
    Accepted(
        "empty-means-unset",
        changed(
            AWS,
            {
                f"{_C}.serviceAccountName": "",
                f"{_C}.roleARN": "",
                f"{_C}.externalID": "",
                f"{_C}.roleChain": [],
                f"{_A}.ids": [],
                f"{_A}.memberRoleName": "",
                f"{_A}.exclude": [],
                "aws.endpointURL": "",
                "rateLimits": [],
                "costs.tagKeys": [],
                "costs.api.tagKey": "",
            },
        ),
    ),
    Accepted(
        "nulls-are-dropped",
        changed(AWS, {"aws.accounts": None, "azure": None, "inventory": None, "suspend": None}),
    ),
    Accepted("whole-float-is-an-integer", changed(AWS, {f"{_I}.syncPeriodSeconds": 900.0})),
    Accepted(
        "limits",
        changed(
            AWS,
            {
                "rateLimits": [
                    {"name": "slow", "service": "ec2", "perSecond": "0.066667", "burst": 1},
                    {"name": "narrow", "action": "Describe*", "maxConcurrent": 2},
                ]
            },
        ),
    ),
    Accepted(
        "aws-costs-by-api", changed(AWS, {"costs": {"source": "API", "api": {"by": "Region"}}})
    ),
    Accepted(
        "costs-by-tag",
        changed(AWS, {"costs": {"source": "API", "api": {"by": "Tag", "tagKey": "team"}}}),
    ),
    Accepted(
        "aws-export", changed(AWS, {"costs": {"source": "Export", "export": {"aws": AWS_EXPORT}}})
    ),
    Accepted(
        "azure-export",
        changed(AZURE, {"costs": {"source": "Export", "export": {"azure": AZURE_EXPORT}}}),
    ),
    Accepted(
        "gcp-export", changed(GCP, {"costs": {"source": "Export", "export": {"gcp": GCP_EXPORT}}})
    ),
    Accepted("export-kept-aside", changed(AWS, {"costs": {"export": {"aws": AWS_EXPORT}}})),
    Accepted("for-all-namespaces", changed(AWS, {f"{_N}.from": "All"})),
    Accepted(
        "for-labelled-namespaces",
        changed(
            AWS,
            {
                f"{_N}.from": "Selector",
                f"{_N}.selector": {
                    "matchLabels": {"cloudops.dev/tenant": "a", "empty": ""},
                    "matchExpressions": [
                        {"key": "env", "operator": "In", "values": ["prod", "test"]},
                        {"key": "legacy", "operator": "DoesNotExist"},
                    ],
                },
            },
        ),
    ),
]
