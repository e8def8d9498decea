"""Report: names that changed, and the keys of its JSON, which did not."""

import pytest

from reports import report_of


def test_the_old_name_of_the_precision_rule_warns_and_its_key_in_json_stays():
    report = report_of([0.5, 1.0])
    with pytest.warns(DeprecationWarning, match="Report.average_precision is now precision_rule"):
        assert report.average_precision == report.precision_rule == "rectangle"
    assert report.as_dict()["average_precision"] == "rectangle"
