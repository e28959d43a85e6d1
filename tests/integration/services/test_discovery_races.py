"""An edit at the very moment at which a discovery is refused."""

import threading

import pytest

from cloudops.domain.ledger import LeaseKind
from cloudops.domain.provider import Origin
from cloudops.services.access import Keyring
from cloudops.services.discovery import DiscoveryService
from cloudops.services.pulse import Pulse
from cloudops.store import providers
from tests.fakes.cloud import FakeSecrets, spec_of
from tests.fixtures.waiting import eventually
from tests.integration.store.locking import waits_for_a_lock
from tests.integration.store.seeding import provider_record

pytestmark = [pytest.mark.integration, pytest.mark.database]


class LateSecrets(FakeSecrets):
    """Answers when the test opens the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.gate = threading.Event(), threading.Event()

    def read(self, namespace, name):
        self.asked.set()
        assert self.gate.wait(60)
        return super().read(namespace, name)


def test_is_not_put_off_for_a_period(rig):
    """Fails if the refusal does not lock the provider before it finishes the lease."""
    rig.cloud.keys.clear()
    rig.plan(spec_of(sync_period=86_400))
    rig.work()  # refused again in the same words, it changes nothing of the provider
    rig.age(100_000)
    (lease,) = rig.acquire(LeaseKind.DISCOVERY)
    secrets = LateSecrets()
    service = DiscoveryService(rig.engine, {rig.cloud.name: rig.cloud}, Keyring(secrets))
    refusing = threading.Thread(target=service.run, args=(lease, Pulse(lease.domain)))
    refusing.start()
    assert secrets.asked.wait(60)
    edited = provider_record(spec=spec_of(sync_period=86_300), generation=2)

    with rig.engine.begin() as edit:
        providers.write_provider(edit, edited, origin=Origin.CLUSTER)
        secrets.gate.set()
        eventually(lambda: waits_for_a_lock(rig.engine), what="the refusal to wait for the edit")
    refusing.join(60)

    assert [due.kind for due in rig.acquire()] == [LeaseKind.DISCOVERY]
