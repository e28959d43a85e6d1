"""What rate limits mean to leases and to the ledger: waiting is neither hanging nor failing."""

import pytest

from cloudops.domain.errors import LeaseLostError
from cloudops.services.pulse import Pulse
from tests.fakes.aws.faults import Fault
from tests.integration.services.aws_rig import aws_spec
from tests.integration.services.rig import CountingPulse

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

REGION = "eu-west-1"
INSTANCES, VOLUMES = "aws.ec2.instances", "aws.ec2.volumes"


def limited(rig, per_second, action="DescribeInstances"):
    """Plan the account anew with a limit of the user's; its leases are due."""
    spec = aws_spec(rig.aws.url)
    limit = {"name": "mine", "service": "ec2", "action": action, "perSecond": per_second}
    rig.plan(spec | {"rateLimits": [limit]}, generation=2)


def test_a_storm_of_throttling_that_ends_costs_no_listing_its_pass(aws):
    """Fails with the SDK's attempts alone: two in a row, and the listing is `throttled`."""
    rule = aws.aws.inject(Fault.throttle(), operation="DescribeInstances", region=REGION, times=4)

    aws.period()

    assert aws.aws.hits(rule) == 4
    assert aws.scope(INSTANCES).status == "complete"
    assert aws.live() == aws.account.truth()


def test_a_limit_that_lets_nothing_through_is_named_in_the_ledger(aws):
    """Fails without `TooSlowError` among those who are `THROTTLED`: it would be an outage."""
    limited(aws, "0.00027")

    aws.period()

    row = aws.scope(INSTANCES)
    assert (row.status, row.error_class, row.error_code) == ("throttled", "throttled", "RateLimit")
    assert "mine (0.00027 calls a second)" in row.error_message
    assert aws.scope(VOLUMES).status == "complete"
    assert aws.live() == aws.account.truth()


def test_a_lease_that_waits_shows_signs_of_life(aws):
    """Fails if `open` is given no pulse: beats come with pages only, three of them in all."""
    limited(aws, "0.4", "Describe*")
    lease = aws.lease(REGION)
    pulse = CountingPulse(lease.domain)

    aws.inventory.run(lease, pulse)

    # 9 pages at 0.4 a second: over 20 seconds, in which up to three calls wait at a time.
    assert aws.scope(INSTANCES).status == "complete"
    assert pulse.beats >= 40


def test_a_lease_that_is_lost_waits_no_longer(aws):
    """Fails if a wait does not ask its pulse: it would last for 100 seconds."""
    limited(aws, "0.01")
    lease = aws.lease(REGION)

    class Lost(Pulse):
        beats = 0

        def beat(self) -> None:
            self.beats += 1
            if self.beats == 30:
                self.lose()
            super().beat()

    with pytest.raises(LeaseLostError):
        aws.inventory.run(lease, Lost(lease.domain))

    assert aws.aws.call_count("ec2", "DescribeInstances", region=REGION) == 1
