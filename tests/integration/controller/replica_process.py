"""A controller with a plan in memory, as a process of its own; arguments: FakePlan's fields."""

import json
import sys

from cloudops import logs
from cloudops.controller.run import run_replica
from cloudops.settings import Settings
from tests.fakes.plan import FakePlan

settings = Settings()
logs.configure(log_format="json", level=settings.log_level)
sys.exit(run_replica(settings, FakePlan(**json.loads(sys.argv[1]))))
