"""The least that reading AWS with its SDK takes: botocore parses answers, and nothing else."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.parsers import ResponseParser, ResponseParserFactory

from tests.fakes.aws.writers import output_shape, service_model


def parsing_cpu_seconds(answers: Sequence[Mapping[str, Any]]) -> float:
    """CPU time of this process for parsing all of them once, as botocore comes.

    Args:
        answers: See `ReplayingScript.kept_answers`.
    """
    factory = ResponseParserFactory()
    parsers: dict[str, ResponseParser] = {}
    work = []
    for answer in answers:
        service, operation = answer["service"], answer["operation"]
        protocol = service_model(service).resolved_protocol
        parser = parsers.setdefault(protocol, factory.create_parser(protocol))
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        response = {
            "status_code": answer["status"],
            "headers": headers,
            "body": answer["body"].encode("latin-1"),
        }
        shape = output_shape(service, operation)
        assert shape is not None, operation
        work.append((parser, response, shape))
    began = time.process_time()
    for parser, response, shape in work:
        parser.parse(response, shape)
    return time.process_time() - began
