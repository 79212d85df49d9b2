import pytest

from app import pages
from app.params import SITE, parse
from lakehouse.errors import Exit, LakehouseError


def test_what_a_reader_chose_survives_the_way_through_the_address():
    params = parse("?range=2015-06-01..2015-06-30&compare=none&segment=new&category=12&lake=Winter+2&run=7")

    assert parse(params.query()) == params
    assert (params["range"], params["segment"], params["lake"]) == ("2015-06-01..2015-06-30", "new", "Winter 2")


def test_an_address_without_a_query_is_the_default_and_the_default_needs_no_query():
    assert parse("") == parse(None) == parse("?")
    assert parse("?range=28d&compare=previous").query() == ""


def test_what_an_address_asks_for_in_vain_takes_its_default():
    params = parse("?range=5y&compare=maybe&category=x&segment=<script>")

    assert params == parse("")
    assert set(params.refused) == {"range", "compare", "category", "segment"}


def test_parameters_that_nobody_knows_survive():
    assert parse("?utm=mail&range=7d&x=").query(segment="new") == "?range=7d&segment=new&utm=mail&x="


@pytest.mark.parametrize(
    ("query", "sentence", "remedy"),
    [("?range=5y", "range=5y is not possible.", "7d"), ("?rnge=7d", "There is no parameter rnge.", "range")],
)
def test_the_api_refuses_what_a_page_passes_over(query, sentence, remedy):
    with pytest.raises(LakehouseError, match=sentence) as caught:
        parse(query).require_admitted()
    assert caught.value.code == Exit.USAGE
    assert remedy in caught.value.remedy


def test_a_parameter_is_declared_once_and_admits_its_default():
    names = [param.name for param in pages.all_params()]

    assert len(names) == len(set(names)) > len(SITE)
    assert all(param.default in param.values or param.admits(param.default) for param in pages.all_params())
