"""Which tables a selector means."""

import pytest

from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError
from lakehouse.runs.selectors import select
from lakehouse.table import discover

TABLES = discover(settings.load({}).layers)


def test_without_a_selector_all_tables_are_meant():
    assert select(TABLES, []) == set(TABLES)


def test_a_name_means_its_table_alone():
    assert select(TABLES, ["gold.funnel"]) == {"gold.funnel"}


def test_a_pattern_means_every_table_that_it_fits():
    assert select(TABLES, ["bronze.*"]) == {"bronze.events", "bronze.item_properties", "bronze.category_tree"}


def test_a_plus_behind_adds_all_that_follow():
    assert select(TABLES, ["gold.visitor_days+"]) == {
        "gold.visitor_days",
        "gold.funnel",
        "gold.funnel_windows",
        "gold.daily_kpis",
    }


def test_a_plus_before_adds_all_that_come_before():
    assert select(TABLES, ["+silver.item_history"]) == {"silver.item_history", "bronze.item_properties"}


def test_several_selectors_mean_what_any_of_them_means():
    assert select(TABLES, ["gold.funnel", "gold.activity"]) == {"gold.funnel", "gold.activity"}


def test_a_name_that_no_table_has_is_met_with_the_nearest():
    with pytest.raises(LakehouseError, match=r"No table is named gold\.funel") as raised:
        select(TABLES, ["gold.funel+"])
    assert (raised.value.remedy, raised.value.code) == ("did you mean gold.funnel?", Exit.USAGE)
