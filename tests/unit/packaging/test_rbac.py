"""The whole of what the operator may do in a cluster; a change here is a change of trust."""

import pytest

from tests.unit.packaging.objects import base_objects, of_kind, rules

pytestmark = pytest.mark.unit

RELEASE = "cloudops-system"
GRANTS = {
    ("ClusterRole", "", "cloudops-controller"): [
        ("", "events", "", "create,patch"),
        ("", "namespaces", "kube-system", "get"),
        ("cloudops.dev", "cloudproviders", "", "list,watch"),
        ("cloudops.dev", "cloudproviders/status", "", "patch"),
    ],
    ("Role", RELEASE, "cloudops-controller"): [
        ("apps", "deployments", "cloudops-controller", "get"),
        ("coordination.k8s.io", "leases", "", "create"),
        ("coordination.k8s.io", "leases", "cloudops-controller", "get,update"),
    ],
    ("Role", RELEASE, "cloudops-worker-secrets"): [("", "secrets", "", "get")],
    ("ClusterRole", "", "cloudops-view"): [
        ("cloudops.dev", "cloudproviders", "", "get,list,watch")
    ],
    ("ClusterRole", "", "cloudops-edit"): [
        ("cloudops.dev", "cloudproviders", "", "create,update,patch,delete,deletecollection"),
    ],
}
# Who gets it. The roles for users are bound by nobody: they flow into view, edit and admin.
BINDINGS = {
    ("ClusterRole", "cloudops-controller"): ("", "cloudops-controller"),
    ("Role", "cloudops-controller"): (RELEASE, "cloudops-controller"),
    ("Role", "cloudops-worker-secrets"): (RELEASE, "cloudops-worker"),
}


def test_roles_grant_exactly_what_is_listed_here():
    roles = of_kind(base_objects(), "ClusterRole", "Role")

    assert {key: rules(role) for key, role in roles.items()} == GRANTS


def test_bindings_give_each_role_to_one_service_account():
    bindings = of_kind(base_objects(), "ClusterRoleBinding", "RoleBinding").values()

    found = {}
    for binding in bindings:
        [subject] = binding["subjects"]
        assert (subject["kind"], subject["namespace"]) == ("ServiceAccount", RELEASE)
        role = (binding["roleRef"]["kind"], binding["roleRef"]["name"])
        found[role] = (binding["metadata"].get("namespace", ""), subject["name"])
    assert found == BINDINGS


def test_no_cluster_role_knows_secrets_wildcards_or_tokens():
    for role in of_kind(base_objects(), "ClusterRole").values():
        for rule in role["rules"]:
            words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}

            assert not words & {"*", "secrets", "serviceaccounts/token", "bind", "escalate"}


def test_service_accounts_have_the_names_that_clouds_trust():
    accounts = of_kind(base_objects(), "ServiceAccount")

    assert set(accounts) == {
        ("ServiceAccount", RELEASE, "cloudops-controller"),
        ("ServiceAccount", RELEASE, "cloudops-worker"),
    }
