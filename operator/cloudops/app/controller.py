"""What `cloudops controller` works with."""

from dataclasses import dataclass

from cloudops.services.plan import PlanService
from cloudops.settings import Settings
from cloudops.store.session import open_engine


@dataclass(frozen=True, slots=True)
class ControllerApp:
    """The parts of one replica."""

    settings: Settings
    plan: PlanService


def controller_app(settings: Settings) -> ControllerApp:
    """Wire the controller; connects to nothing yet.

    Raises:
        InvalidInputError: No usable database URL.
    """
    engine = open_engine(settings, application="cloudops-controller", lists=False)
    return ControllerApp(settings, PlanService(engine))
