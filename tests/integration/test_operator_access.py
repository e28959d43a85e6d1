"""The operator runs as the ServiceAccounts that are shipped, never as admin."""

import json

import pytest
from kubernetes.client import (
    AuthorizationV1Api,
    V1ResourceAttributes,
    V1SelfSubjectAccessReview,
    V1SelfSubjectAccessReviewSpec,
)
from kubernetes.config import new_client_from_config

pytestmark = pytest.mark.integration


def may(kubeconfig, **attributes):
    with new_client_from_config(str(kubeconfig)) as client:
        review = AuthorizationV1Api(client).create_self_subject_access_review(
            V1SelfSubjectAccessReview(
                spec=V1SelfSubjectAccessReviewSpec(
                    resource_attributes=V1ResourceAttributes(**attributes)
                )
            )
        )
        assert review.status is not None
        return review.status.allowed


def test_each_component_has_its_own_rights(crds, operator_access):
    home = operator_access.namespace
    watch = {"group": "cloudops.dev", "resource": "cloudproviders", "verb": "watch"}
    read_secret = {"resource": "secrets", "verb": "get", "name": "any", "namespace": home}

    assert may(operator_access.controller, **watch)
    assert may(operator_access.worker, **read_secret)
    assert not may(operator_access.controller, **read_secret)
    assert not may(operator_access.worker, resource="namespaces", verb="delete", name="default")


def test_the_shipped_crds_are_served(cluster, crds):
    served = json.loads(cluster.run_kubectl("get", "--raw=/apis/cloudops.dev/v1alpha1").stdout)

    assert "cloudproviders.cloudops.dev" in crds
    assert "cloudproviders" in [one["name"] for one in served["resources"]]
