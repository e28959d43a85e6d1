"""What the commands work with that read the database alone."""

from cloudops.services.reading import ReadingService
from cloudops.settings import Settings
from cloudops.store.session import open_engine


def reading_service(settings: Settings) -> ReadingService:
    """What the reading commands work with.

    Raises:
        InvalidInputError: No usable database URL.
    """
    engine = open_engine(settings, application="cloudops-cli", writes=False, lists=False)
    return ReadingService(engine)
