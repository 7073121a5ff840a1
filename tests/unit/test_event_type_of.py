"""The name of a staging model says which event type it holds; freshness per mart rests on that."""

from orchestration.contracts import registry
from orchestration.home import PROJECT_ROOT
from orchestration.warehouse.build import event_type_of


def test_the_staging_models_of_events_are_the_event_types_of_the_contract() -> None:
    no_events = {"lake", "ecb", "close"}
    folders = (PROJECT_ROOT / "models" / "staging").iterdir()
    models = [path.stem for folder in folders if folder.name not in no_events for path in folder.glob("*.sql")]
    # One more staging model opens the list of totals in an event, which has its own model too.
    assert {event_type_of(model) for model in models} - {"Total"} == set(registry.event_types())
