"""The installation: which cluster owns the database, and which leader may write the plan."""

from sqlalchemy import Connection, text

from cloudops.domain.errors import InvalidInputError, NotLeaderError


def draw_epoch(connection: Connection, holder: str) -> int:
    """A number higher than any leader before had; from now on theirs are refused.

    Taken from the clock where that is ahead: a standby that took over without
    the last commits must not hand out the epoch of one that it never saw.
    """
    epoch: int = connection.execute(
        text(
            "UPDATE leader SET holder = :holder, acquired_at = now(), epoch = greatest("
            "epoch + 1, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)) "
            "RETURNING epoch"
        ),
        {"holder": holder},
    ).scalar_one()
    return epoch


def guard_epoch(connection: Connection, epoch: int) -> None:
    """Hold off a new leader until this transaction, which writes the plan, ends.

    Raises:
        NotLeaderError: A newer leader has drawn its epoch.
    """
    found = connection.execute(text("SELECT epoch FROM leader FOR SHARE")).scalar_one()
    require_epoch(found, epoch)


def require_epoch(found: int, epoch: int) -> None:
    """Refuse the owner of `epoch` where `found` leads.

    Raises:
        NotLeaderError: It does.
    """
    if found != epoch:
        raise NotLeaderError(f"epoch {epoch} is over, {found} leads")


def adopt_cluster(connection: Connection, cluster_uid: str) -> None:
    """Tie the database to this cluster, or see that it is.

    Raises:
        InvalidInputError: It belongs to another cluster.
    """
    found = connection.execute(
        text(
            "UPDATE installation SET cluster_uid = coalesce(cluster_uid, :uid) "
            "RETURNING cluster_uid"
        ),
        {"uid": cluster_uid},
    ).scalar_one()
    if found != cluster_uid:
        raise InvalidInputError(
            f"the database belongs to another cluster (kube-system uid {found}, here "
            f"{cluster_uid}): give each cluster a database of its own"
        )


def fingerprint_key(connection: Connection) -> bytes:
    """The installation's key for fingerprints of redacted values."""
    return bytes(connection.execute(text("SELECT fingerprint_key FROM installation")).scalar_one())
