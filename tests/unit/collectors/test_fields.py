"""Names, times and id shapes: what single fields of an answer become."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudops.collectors.fields import compile_optional, creation_time, last_part
from cloudops.collectors.identifiers import (
    AnswerContext,
    ShapeError,
    compile_id,
    compile_shape,
)

pytestmark = pytest.mark.unit

CONTEXT = AnswerContext("aws", "aws", "111122223333", "eu-west-1")
REPOSITORY = "arn:{partition}:ecr:{region}:{account}:repository/{Name*}"
QUEUE = "arn:{partition}:sqs:{region}:{account}:{Name}"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        pytest.param("arn:aws:sqs:eu-west-1:111122223333:orders", "orders", id="colon"),
        pytest.param("arn:aws:eks:eu-west-1:111122223333:cluster/prod", "prod", id="slash"),
        pytest.param("arn:aws:iam::111122223333:role/service/x", "x", id="path"),
        pytest.param("shop/web", "shop/web", id="no-arn"),
        pytest.param("arnold:7/8", "arnold:7/8", id="almost"),
        pytest.param("", "", id="empty"),
        pytest.param(None, None, id="none"),
    ],
)
def test_of_an_arn_the_last_part_is_the_name(name: str | None, part: str | None):
    assert last_part(name) == part


def made(value: Any) -> datetime | None:
    return creation_time(compile_optional("Made"), {"Made": value})


@pytest.mark.parametrize("value", ["1767225600", "1767225600.0", "1767225600000"])
def test_seconds_and_milliseconds_may_be_written_as_text(value: object):
    """SQS writes all its attributes as text, and an emulator adds fractions."""
    assert made(value) == datetime(2026, 1, 1, tzinfo=UTC)


@given(moment=st.datetimes(min_value=datetime(1974, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001  hypothesis wants naive bounds
def test_text_and_number_of_the_same_moment_are_the_same_time(moment: datetime):
    seconds = int(moment.replace(tzinfo=UTC).timestamp())

    assert made(str(seconds)) == made(seconds) == moment.replace(tzinfo=UTC, microsecond=0)


@given(text=st.text("0123456789.-+eE_ \u0661"))
@example("1" * 400)
@example("1.5.2")
@example("\u0661\u0662")
def test_what_is_no_time_is_a_wrong_shape_and_nothing_else(text: str):
    try:
        assert (made(text) is None) == (text == "")
    except ShapeError:
        assert text


@pytest.mark.parametrize("name", ["web", "shop/web", "shop/old/web", "a:b/c"])
def test_a_placeholder_with_a_star_holds_slashes_and_colons(name: str):
    filled = compile_id(REPOSITORY).fill({"Name": name}, CONTEXT)

    assert filled == f"arn:aws:ecr:eu-west-1:111122223333:repository/{name}"
    assert compile_shape(REPOSITORY).fullmatch(filled)


@pytest.mark.parametrize("name", ["a/b", "a:b"])
def test_without_a_star_it_does_not(name: str):
    assert not compile_shape(QUEUE).fullmatch(f"arn:aws:sqs:eu-west-1:111122223333:{name}")


@given(name=st.text(min_size=1, max_size=200))
def test_a_shape_fits_every_id_that_its_template_makes(name: str):
    assert compile_shape(REPOSITORY).fullmatch(compile_id(REPOSITORY).fill({"Name": name}, CONTEXT))
    if not set(name) & set(":/"):
        assert compile_shape(QUEUE).fullmatch(compile_id(QUEUE).fill({"Name": name}, CONTEXT))


def test_the_words_around_a_placeholder_are_no_pattern():
    assert not compile_shape("arn:a.c:{Id*}").fullmatch("arn:abc:1")


class TestAnIdWithSeveralWays:
    RULE = compile_id(("Arn", "arn:{partition}:x:{region}:{account}:thing/{Name}"))

    def test_is_what_the_item_tells(self):
        found = self.RULE.find({"Arn": "arn:aws:x:eu-west-1:1:thing/a/7", "Name": "a"}, CONTEXT)

        assert (found.text, found.synthetic) == ("arn:aws:x:eu-west-1:1:thing/a/7", False)

    @pytest.mark.parametrize("item", [{"Name": "a"}, {"Name": "a", "Arn": ""}])
    def test_is_made_where_the_item_does_not_tell_it(self, item: dict[str, str]):
        found = self.RULE.find(item, CONTEXT)

        assert (found.text, found.synthetic) == ("arn:aws:x:eu-west-1:111122223333:thing/a", True)

    @pytest.mark.parametrize(
        "item", [{}, {"Arn": 7, "Name": "a"}, {"Arn": "a" * 3000, "Name": "a"}]
    )
    def test_is_not_made_of_what_is_broken(self, item: dict[str, object]):
        """Fails if any trouble with the first way leads to the second: another id of one thing."""
        with pytest.raises(ShapeError):
            self.RULE.find(item, CONTEXT)
