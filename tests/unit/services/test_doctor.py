"""Who waits for a doctor hears that it lives."""

import threading
from collections.abc import Mapping, Sequence

import pytest

from cloudops.api.v1alpha1.cloudprovider import CloudProviderSpec
from cloudops.api.v1alpha1.parsing import parse
from cloudops.collectors.vocabulary import Access, Discovery, Progress, unobserved
from cloudops.domain.diagnosis import Check
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import ProviderSpec
from cloudops.domain.resource import GLOBAL_REGION
from cloudops.services.access import Keyring
from cloudops.services.doctor import DoctorService
from tests.fakes.cloud import MACHINES, FakeCloud, FakeSecrets, FakeSession, spec_of

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


REGIONS = ("af-south-1", "eu-west-1", "us-east-1")
NOT_HERE = ListingError("not here", error_class=ErrorClass.UNSUPPORTED, code="Unsupported")
DENIED = ListingError("no", error_class=ErrorClass.IAM_DENY, code="AccessDenied", permission="a:B")


def regions_tried(cloud: FakeCloud, *, everywhere: bool = False) -> dict[str, bool]:
    """Region → whether it is told as unread."""
    doctor = DoctorService(cloud, Keyring(FakeSecrets()))
    found = doctor.examine(
        "platform", spec(spec_of(ACCOUNT)), everywhere=everywhere, told=lambda _: None
    )
    [account] = found.accounts
    return {
        one.region: one in account.unread for one in account.checks if one.listing == MACHINES.name
    }


class TestARegionalListing:
    def cloud(self, **failures: ListingError) -> FakeCloud:
        cloud = FakeCloud()
        account = cloud.account(ACCOUNT, regions=REGIONS, key="AKIAFAKE")
        for region, error in failures.items():
            account.failures[MACHINES.name, region.replace("_", "-")] = (error, 0)
        return cloud

    def test_is_tried_where_the_service_is_offered(self):
        """Fails where the first region is asked, whatever is known of it."""
        cloud = self.cloud(af_south_1=NOT_HERE, eu_west_1=DENIED)
        cloud.absent[MACHINES.name] = {"af-south-1"}

        assert regions_tried(cloud) == {"eu-west-1": True}
        assert regions_tried(cloud, everywhere=True) == {"eu-west-1": True, "us-east-1": False}

    def test_that_is_not_there_is_tried_in_the_next_region(self):
        """Fails where that excuses it: what is missing elsewhere is never found."""
        assert regions_tried(self.cloud(af_south_1=NOT_HERE, eu_west_1=DENIED)) == {
            "eu-west-1": True
        }

    def test_that_is_nowhere_is_told_of_the_first(self):
        cloud = self.cloud(af_south_1=NOT_HERE, eu_west_1=NOT_HERE, us_east_1=NOT_HERE)

        assert regions_tried(cloud) == {"af-south-1": False}

    def test_that_is_offered_nowhere_is_not_asked(self):
        cloud = self.cloud(af_south_1=DENIED, eu_west_1=DENIED, us_east_1=DENIED)
        cloud.absent[MACHINES.name] = set(REGIONS)

        assert regions_tried(cloud) == {}


def test_a_global_listing_that_the_partition_lacks_is_not_asked():
    """Fails where only regions are compared: hosts that do not exist would be called."""
    cloud = FakeCloud()
    account = cloud.account(ACCOUNT, regions=REGIONS, key="AKIAFAKE")
    account.failures["fake.roles", GLOBAL_REGION] = (DENIED, 0)
    assert "fake.roles" in {one.listing for one in unread(cloud)}

    cloud.absent["fake.roles"] = {GLOBAL_REGION}

    assert "fake.roles" not in {one.listing for one in unread(cloud)}


def unread(cloud: FakeCloud) -> Sequence[Check]:
    doctor = DoctorService(cloud, Keyring(FakeSecrets()))
    found = doctor.examine("platform", spec(spec_of(ACCOUNT)), everywhere=False, told=print)
    [account] = found.accounts
    return account.unread
