"""The rights that tests run with are the shipped ones, moved into a test's namespace."""

import pytest

from tests.fixtures.operator_access import access_documents

pytestmark = pytest.mark.unit

RENDERED = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: cloudops-worker, namespace: cloudops-system}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cloudops-worker, namespace: cloudops-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cloudops-worker}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cloudops-worker}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cloudops-worker}
subjects:
  - {kind: ServiceAccount, name: cloudops-worker, namespace: cloudops-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reads-flags, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: cloudops-worker, namespace: cloudops-system}
  - {kind: ServiceAccount, name: other, namespace: elsewhere}
"""


def moved(kind):
    return next(one for one in access_documents(RENDERED, "mine") if one["kind"] == kind)


def test_only_what_grants_rights_is_taken():
    kinds = [one["kind"] for one in access_documents(RENDERED, "mine")]

    assert kinds == ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "RoleBinding"]


def test_the_release_namespace_is_replaced():
    assert moved("ServiceAccount")["metadata"]["namespace"] == "mine"


def test_cluster_wide_rights_are_named_after_the_namespace():
    binding = moved("ClusterRoleBinding")

    assert moved("ClusterRole")["metadata"]["name"] == "cloudops-worker:mine"
    assert binding["metadata"]["name"] == "cloudops-worker:mine"
    assert binding["roleRef"]["name"] == "cloudops-worker:mine"
    assert [one["namespace"] for one in binding["subjects"]] == ["mine"]


def test_rights_of_others_keep_their_names():
    binding = moved("RoleBinding")

    assert binding["metadata"]["namespace"] == "kube-system"
    assert binding["roleRef"]["name"] == "view"
    assert [one["namespace"] for one in binding["subjects"]] == ["mine", "elsewhere"]
