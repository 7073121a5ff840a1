"""Keeps dbt from composing events that nobody reads: they cost about a sixth of a build's processor time."""

import contextlib
from collections.abc import Collection, Iterator
from typing import Any


@contextlib.contextmanager
def without_unread_events(wanted: Collection[str] = ()) -> Iterator[None]:
    """Within the block dbt drops its debug and info events unread, except those whose class is named in `wanted`.

    dbt has no switch for it: with `--log-level none` each event is still composed as a protobuf message and formatted.
    """
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    compose, fire = BaseEvent.__init__, EventManager.fire_event

    def unread(event: BaseEvent) -> bool:
        return event.level_tag() in (EventLevel.DEBUG, EventLevel.INFO) and type(event).__name__ not in wanted

    def compose_read(self: BaseEvent, *args: Any, **kwargs: Any) -> None:
        if not unread(self):
            compose(self, *args, **kwargs)

    def fire_read(self: EventManager, e: BaseEvent, *args: Any, **kwargs: Any) -> None:
        if not unread(e):
            fire(self, e, *args, **kwargs)

    BaseEvent.__init__ = compose_read  # type: ignore[method-assign]
    EventManager.fire_event = fire_read  # type: ignore[method-assign]
    try:
        yield
    finally:
        BaseEvent.__init__ = compose  # type: ignore[method-assign]
        EventManager.fire_event = fire  # type: ignore[method-assign]
