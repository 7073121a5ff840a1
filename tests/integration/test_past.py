"""What was known then: the marts of a release, built anew from the lake as it was at its cutoff, are the same."""

import json
from datetime import date
from pathlib import Path

import pytest

import simulator
from orchestration.closing.past import differences_from_release
from orchestration.home import Home
from orchestration.landing import land
from orchestration.publishing import store
from orchestration.publishing.publish import publish
from orchestration.reconciliation import reconcile
from orchestration.warehouse.build import build


@pytest.mark.proof
def test_a_release_is_built_anew_after_more_has_landed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    simulator.run(30, 7, date(2026, 8, 1), date(2026, 10, 1), tmp_path / "events")
    august = sorted((tmp_path / "events").glob("*-2026-08.ndjson"))
    assert august
    for files in (august, [tmp_path / "events"]):
        land(home, files)
        assert build(home).complete
        assert reconcile(home).passed
        publish(home)
    first, second = store.list_releases(home)
    assert first.data_version != second.data_version
    assert differences_from_release(home, first.release_id) == []
    assert differences_from_release(home, second.release_id) == []
    # A release that claims another cutoff is not what the lake gives at that one.
    claimed = {
        **first.manifest,
        "lake_high_water": second.manifest["lake_high_water"],
        "as_of": second.manifest["as_of"],
    }
    manifest = first.folder / store.MANIFEST
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(claimed))
    assert "fact_quote_line_price" in differences_from_release(home, first.release_id)
