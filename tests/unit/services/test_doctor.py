"""Who waits for a doctor hears that it lives."""

import threading
from collections.abc import Mapping

import pytest

from cloudops.api.v1alpha1.cloudprovider import CloudProviderSpec
from cloudops.api.v1alpha1.parsing import parse
from cloudops.collectors.vocabulary import Access, Discovery, Progress, unobserved
from cloudops.domain.provider import ProviderSpec
from cloudops.services.access import Keyring
from cloudops.services.doctor import DoctorService
from tests.fakes.cloud import FakeCloud, FakeSecrets, FakeSession, spec_of

pytestmark = pytest.mark.unit

ACCOUNT = "111122223333"
ENTRY = "who we are, which accounts there are"


class SlowCloud(FakeCloud):
    """Comes back from one of its two ways in only when `go` is set."""

    def __init__(self, slow: str) -> None:
        super().__init__()
        self.go = threading.Event()
        self._slow = slow
        self.account(ACCOUNT, key="AKIAFAKE")

    def discover(self, access: Access, progress: Progress = unobserved) -> Discovery:
        self._wait("discover")
        return super().discover(access, progress)

    def open(self, access: Access, account_id: str, progress: Progress = unobserved) -> FakeSession:
        self._wait("open")
        return super().open(access, account_id, progress)

    def _wait(self, way: str) -> None:
        assert way != self._slow or self.go.wait(60), "nobody was reminded"


def spec(wishes: Mapping[str, object]) -> ProviderSpec:
    return parse(CloudProviderSpec, wishes).to_domain()


@pytest.mark.parametrize(
    ("slow", "step"), [("discover", ENTRY), ("open", f"account {ACCOUNT}")], ids=["who", "account"]
)
def test_what_takes_long_is_told_again_until_it_is_over(slow: str, step: str):
    """Fails without `_told_of`'s thread: calls that are repeated say nothing themselves."""
    cloud, told = SlowCloud(slow), list[str]()

    def hear(text: str) -> None:
        told.append(text)
        if text.startswith(f"{step} (") and text.endswith(" s so far)"):
            cloud.go.set()

    doctor = DoctorService(cloud, Keyring(FakeSecrets()), remind_seconds=0.01)
    diagnosis = doctor.examine("platform", spec(spec_of(ACCOUNT)), everywhere=False, told=hear)

    assert diagnosis.healthy
    assert [text for text in told if "so far" not in text] == [ENTRY, f"account {ACCOUNT}"]
    assert not [thread for thread in threading.enumerate() if thread.name == "reminder"]


def test_what_is_quick_is_told_once():
    cloud, told = SlowCloud(""), list[str]()

    doctor = DoctorService(cloud, Keyring(FakeSecrets()))
    doctor.examine("platform", spec(spec_of(ACCOUNT)), everywhere=False, told=told.append)

    assert told == [ENTRY, f"account {ACCOUNT}"]
